//! The modules of a crate, and the files that paths lead to.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use super::tokens::{Import, Outline, outline};

/// The number of re-exports that are followed from one to the next.
const MAX_HOPS: usize = 16;

/// The source files of one crate, without those of tests.
pub(super) struct Sources<'a> {
    paths: Vec<&'a Path>,
    /// The module that each file is.
    modules: Vec<Vec<String>>,
    files: BTreeMap<Vec<String>, usize>,
    outlines: Vec<Outline>,
}

impl<'a> Sources<'a> {
    /// Reads the files of the crate whose root is `root`, a `lib.rs` or a `main.rs`.
    pub(super) fn new(root: &Path, files: &'a [(PathBuf, String)]) -> Self {
        let folder = root.parent().unwrap_or(root);
        let mut sources = Self {
            paths: Vec::new(),
            modules: Vec::new(),
            files: BTreeMap::new(),
            outlines: Vec::new(),
        };
        for (path, text) in files {
            let Some(module) = module(root, folder, path) else { continue };
            sources.files.insert(module.clone(), sources.paths.len());
            sources.paths.push(path);
            sources.modules.push(module);
            sources.outlines.push(outline(text));
        }
        sources.without_tests()
    }

    /// Removes the files that only tests compile.
    fn without_tests(self) -> Self {
        let mut of_tests: BTreeSet<Vec<String>> = BTreeSet::new();
        for (module, outline) in self.modules.iter().zip(&self.outlines) {
            let child = |name: &String| [&module[..], std::slice::from_ref(name)].concat();
            of_tests.extend(outline.test_modules.iter().map(child));
        }
        let is_test =
            |module: &[String]| (1..=module.len()).any(|i| of_tests.contains(&module[..i]));
        let mut kept = Self {
            paths: Vec::new(),
            modules: Vec::new(),
            files: BTreeMap::new(),
            outlines: Vec::new(),
        };
        for ((path, module), outline) in self.paths.into_iter().zip(self.modules).zip(self.outlines)
        {
            if !is_test(&module) {
                kept.files.insert(module.clone(), kept.paths.len());
                kept.paths.push(path);
                kept.modules.push(module);
                kept.outlines.push(outline);
            }
        }
        kept
    }

    pub(super) fn path(&self, file: usize) -> &Path {
        self.paths[file]
    }

    /// Returns for each file the files that it uses, with the first path that leads there.
    pub(super) fn edges(&self) -> Vec<BTreeMap<usize, String>> {
        let edges = |(file, outline): (usize, &Outline)| {
            let mut edges = BTreeMap::new();
            for import in outline.uses.iter().chain(&outline.paths) {
                let Some(target) = self.target(file, import) else { continue };
                // A parent may re-export its children.
                let child = self.modules[target].starts_with(&self.modules[file]);
                if target != file && !(import.public && child) {
                    edges.entry(target).or_insert_with(|| import.path.join("::"));
                }
            }
            edges
        };
        self.outlines.iter().enumerate().map(edges).collect()
    }

    /// Returns the file that an import of a file leads to; `None` for other crates' items.
    fn target(&self, file: usize, import: &Import) -> Option<usize> {
        let (module, rest) = self.start(file, import)?;
        Some(self.resolve(module, rest, MAX_HOPS))
    }

    /// Returns the module that a path starts from, and the rest of the path.
    fn start<'p>(&self, file: usize, import: &'p Import) -> Option<(Vec<String>, &'p [String])> {
        let mut module = [&self.modules[file][..], &import.within].concat();
        let mut rest = &import.path[..];
        match rest.first()?.as_str() {
            "crate" => Some((Vec::new(), &rest[1..])),
            "self" => Some((module, &rest[1..])),
            "super" => {
                while let Some((first, others)) = rest.split_first()
                    && first == "super"
                {
                    module.pop();
                    rest = others;
                }
                Some((module, rest))
            }
            first => {
                let child = [&module[..], &[first.to_owned()]].concat();
                self.is_module(&child).then_some((module, rest))
            }
        }
    }

    fn is_module(&self, module: &[String]) -> bool {
        let file = self.file(module);
        let inline = &module[self.modules[file].len()..];
        inline.is_empty() || self.outlines[file].modules.contains(inline)
    }

    /// Returns the file that holds a module, inline or not.
    fn file(&self, module: &[String]) -> usize {
        let found = (0..=module.len()).rev().find_map(|len| self.files.get(&module[..len]));
        found.copied().unwrap_or(0)
    }

    /// Follows a path below a module, through re-exports, to the file of the item.
    fn resolve(&self, mut module: Vec<String>, path: &[String], hops: usize) -> usize {
        for (index, name) in path.iter().enumerate() {
            let child = [&module[..], std::slice::from_ref(name)].concat();
            if self.is_module(&child) {
                module = child;
                continue;
            }
            return self
                .reexported(&module, name, &path[index + 1..], hops)
                .unwrap_or_else(|| self.file(&module));
        }
        self.file(&module)
    }

    /// Returns the file of an item that a module has by a `use`.
    fn reexported(
        &self,
        module: &[String],
        name: &str,
        rest: &[String],
        hops: usize,
    ) -> Option<usize> {
        let hops = hops.checked_sub(1)?;
        let file = self.file(module);
        let inline = &module[self.modules[file].len()..];
        let outline = &self.outlines[file];
        let here = || outline.uses.iter().filter(|import| import.within == inline);
        if let Some(import) = here().find(|import| import.name.as_deref() == Some(name)) {
            let (start, path) = self.start(file, import)?;
            return Some(self.resolve(start, &[path, rest].concat(), hops));
        }
        here().filter(|import| import.glob).find_map(|import| {
            let (start, path) = self.start(file, import)?;
            let origin = self.resolve(start, path, hops);
            let has = origin != file
                && (self.outlines[origin].items.contains(name)
                    || self.outlines[origin].uses.iter().any(|u| u.name.as_deref() == Some(name)));
            has.then_some(origin)
        })
    }
}

/// Returns the module that a file is in the crate of `root`; `None` for files of other crates.
fn module(root: &Path, folder: &Path, path: &Path) -> Option<Vec<String>> {
    if path == root {
        return Some(Vec::new());
    }
    let below = path.strip_prefix(folder).ok()?.with_extension("");
    let mut names: Vec<String> =
        below.iter().map(|name| name.to_string_lossy().into_owned()).collect();
    if names.last().is_some_and(|name| name == "mod") {
        names.pop();
    }
    // A program beside a library, or below it, is a crate of its own.
    let program = names.first().is_some_and(|name| name == "bin") || names == ["main"];
    (!program).then_some(names)
}
