//! The folder that holds the data sets: one folder per set below it.

use std::env;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use crate::catalog::Entry;
use crate::error::DataError;

/// The environment variable that names the folder.
const VARIABLE: &str = "EBM_DATA";

/// Where data sets are kept; a set's files are in `ROOT/NAME/`, or as its entry's
/// [`layouts`](crate::Entry::layouts) say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DataRoot {
    path: PathBuf,
    origin: &'static str,
}

impl DataRoot {
    /// The folder the user means: `flag` (`--data-dir`), else the environment's `EBM_DATA`, else one in
    /// the user's own data folder (`$XDG_DATA_HOME/ebm`, else `~/.local/share/ebm`; on Windows
    /// `%LOCALAPPDATA%\ebm`). It need not exist.
    ///
    /// # Errors
    /// [`DataError::NoDataRoot`] if none of the three is there.
    pub fn resolve(flag: Option<PathBuf>) -> Result<Self, DataError> {
        Self::choose(flag, env::var_os(VARIABLE), per_user())
    }

    fn choose(
        flag: Option<PathBuf>,
        variable: Option<OsString>,
        per_user: Option<PathBuf>,
    ) -> Result<Self, DataError> {
        // An empty variable is one that was meant to be unset.
        let variable = variable.filter(|value| !value.is_empty()).map(PathBuf::from);
        [(flag, "from --data-dir"), (variable, "from EBM_DATA"), (per_user, "the default")]
            .into_iter()
            .find_map(|(path, origin)| path.map(|path| Self { path, origin }))
            .ok_or(DataError::NoDataRoot)
    }

    /// The folder itself.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The folder of one data set.
    pub fn directory(&self, dataset: &str) -> PathBuf {
        self.path.join(dataset)
    }

    /// A path of the catalogue: below the root, unless it is absolute or below the user's home.
    pub(crate) fn join(&self, path: &str) -> PathBuf {
        // Joined to an absolute path, the root gives way to it.
        self.path.join(expand(Path::new(path)))
    }

    /// Where files of a set may be: its own folder, then those of its other layouts.
    pub(crate) fn directories(&self, entry: &Entry) -> Vec<PathBuf> {
        let layouts = entry.layouts.iter().map(|layout| self.join(layout));
        [self.directory(&entry.name)].into_iter().chain(layouts).collect()
    }

    /// Why a file of the set is in none of its folders.
    pub(crate) fn missing(&self, entry: &Entry, file: &str) -> DataError {
        let (path, dataset) = (self.path.clone(), entry.name.clone());
        let mut searched = self.directories(entry);
        match path.try_exists() {
            Ok(true) => {
                let directory = searched.remove(0);
                DataError::MissingFile { file: file.to_owned(), directory, searched, dataset }
            }
            Ok(false) => {
                searched.retain(|directory| !directory.starts_with(&path));
                DataError::MissingRoot { path, origin: self.origin, searched, dataset }
            }
            Err(cause) => DataError::io("look into", &path)(cause),
        }
    }
}

/// The path with the user's home folder in place of `~`.
pub(crate) fn expand(path: &Path) -> PathBuf {
    expand_with(path, env::home_dir())
}

fn expand_with(path: &Path, home: Option<PathBuf>) -> PathBuf {
    match (path.strip_prefix("~"), home) {
        (Ok(rest), Some(home)) => home.join(rest),
        _ => path.to_path_buf(),
    }
}

fn per_user() -> Option<PathBuf> {
    let variable = if cfg!(windows) { "LOCALAPPDATA" } else { "XDG_DATA_HOME" };
    // The XDG base directory specification has relative paths ignored.
    let named = env::var_os(variable).map(PathBuf::from).filter(|path| path.is_absolute());
    let home = || Some(env::home_dir()?.join(".local").join("share"));
    Some(named.or_else(home)?.join("ebm"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tilde_is_the_home_folder() {
        let expand = |path: &str, home: Option<&str>| {
            expand_with(Path::new(path), home.map(PathBuf::from)).display().to_string()
        };
        assert_eq!(expand("~/a/b", Some("/home/me")), "/home/me/a/b");
        assert_eq!(expand("~/a", None), "~/a");
        assert_eq!(expand("a/~", Some("/home/me")), "a/~");
        assert_eq!(expand("~a", Some("/home/me")), "~a");
    }

    #[test]
    fn the_flag_wins_over_the_variable_and_the_variable_over_the_default() {
        let choose = |flag: Option<&str>, variable: Option<&str>, default: Option<&str>| {
            let root = DataRoot::choose(
                flag.map(PathBuf::from),
                variable.map(OsString::from),
                default.map(PathBuf::from),
            );
            root.map(|root| (root.path, root.origin))
        };
        let (a, b, c) = (Some("a"), Some("b"), Some("c"));
        assert_eq!(choose(a, b, c).unwrap(), (PathBuf::from("a"), "from --data-dir"));
        assert_eq!(choose(None, b, c).unwrap(), (PathBuf::from("b"), "from EBM_DATA"));
        assert_eq!(choose(None, None, c).unwrap(), (PathBuf::from("c"), "the default"));
        assert_eq!(choose(None, Some(""), c).unwrap(), (PathBuf::from("c"), "the default"));
        assert!(matches!(choose(None, None, None), Err(DataError::NoDataRoot)));
    }
}
