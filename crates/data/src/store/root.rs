//! The folder of data sets, with one folder per set.

use std::env;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use crate::catalog::Entry;
use crate::error::DataError;

/// The environment variable that names the folder.
const VARIABLE: &str = "EBM_DATA";

/// The folder of data sets. A set's files are in `ROOT/NAME/`, or in one of its entry's
/// [`layouts`](crate::Entry::layouts).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DataRoot {
    path: PathBuf,
    origin: &'static str,
}

impl DataRoot {
    /// Resolves the folder: `given`, else the environment's `EBM_DATA`, else one in the user's own
    /// data folder (`$XDG_DATA_HOME/ebm`, else `~/.local/share/ebm`; on Windows
    /// `%LOCALAPPDATA%\ebm`). It need not exist.
    ///
    /// # Errors
    /// [`DataError::NoDataRoot`] if there is none of the three.
    pub fn resolve(given: Option<PathBuf>) -> Result<Self, DataError> {
        Self::choose(given, env::var_os(VARIABLE), per_user())
    }

    fn choose(
        given: Option<PathBuf>,
        variable: Option<OsString>,
        per_user: Option<PathBuf>,
    ) -> Result<Self, DataError> {
        // An empty variable counts as unset.
        let variable = variable.filter(|value| !value.is_empty()).map(PathBuf::from);
        [(given, "as given"), (variable, "from EBM_DATA"), (per_user, "the default")]
            .into_iter()
            .find_map(|(path, origin)| path.map(|path| Self { path, origin }))
            .ok_or(DataError::NoDataRoot)
    }

    /// Returns the folder itself.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Returns the folder of one data set.
    pub fn directory(&self, dataset: &str) -> PathBuf {
        self.path.join(dataset)
    }

    /// Resolves a path of the catalogue: below the root, unless it is absolute or below the user's
    /// home.
    pub(crate) fn join(&self, path: &str) -> PathBuf {
        // Joining an absolute path replaces the root.
        self.path.join(expand(Path::new(path)))
    }

    /// Returns the folders that may hold a set's files: its own, then those of its other layouts.
    pub(crate) fn directories(&self, entry: &Entry) -> Vec<PathBuf> {
        let layouts = entry.layouts.iter().map(|layout| self.join(layout));
        [self.directory(&entry.name)].into_iter().chain(layouts).collect()
    }

    /// Returns the error of a file that is in none of its set's folders.
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

/// Replaces a leading `~` by the user's home folder.
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
    // The XDG base directory specification ignores relative paths.
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
    fn the_given_folder_wins_over_the_variable_and_the_variable_over_the_default() {
        let choose = |given: Option<&str>, variable: Option<&str>, default: Option<&str>| {
            let root = DataRoot::choose(
                given.map(PathBuf::from),
                variable.map(OsString::from),
                default.map(PathBuf::from),
            );
            root.map(|root| (root.path, root.origin))
        };
        let (a, b, c) = (Some("a"), Some("b"), Some("c"));
        assert_eq!(choose(a, b, c).unwrap(), (PathBuf::from("a"), "as given"));
        assert_eq!(choose(None, b, c).unwrap(), (PathBuf::from("b"), "from EBM_DATA"));
        assert_eq!(choose(None, None, c).unwrap(), (PathBuf::from("c"), "the default"));
        assert_eq!(choose(None, Some(""), c).unwrap(), (PathBuf::from("c"), "the default"));
        assert!(matches!(choose(None, None, None), Err(DataError::NoDataRoot)));
    }
}
