//! Writes that are atomic and durable: a path holds the former content or the new one, never a part
//! of it.
//!
//! Content is written beside its path, synced to the disk and renamed; then the folder is synced,
//! so that the rename outlasts a power cut where the system can promise that (on Unix; elsewhere
//! syncing a folder is attempted and a refusal ignored).

use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, BufWriter, ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::process;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::error::FileError;

/// Writes a file: whole, or not at all. A former file of that name is replaced.
///
/// # Errors
/// [`FileError::Io`]; then nothing is left beside, and a former file stays as it was.
pub fn write_file(path: &Path, content: &[u8]) -> Result<(), FileError> {
    write_file_with(path, |file| file.write_all(content))
}

/// Writes a file as [`write_file`] does, with the content that `fill` writes.
///
/// Several processes and threads may write the same path at once: each writes a file of its own,
/// and the last rename wins.
///
/// # Errors
/// [`FileError::Io`], also with an error of `fill`; then nothing is left beside, and a former file
/// stays as it was.
pub fn write_file_with<T>(
    path: &Path,
    fill: impl FnOnce(&mut BufWriter<File>) -> io::Result<T>,
) -> Result<T, FileError> {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    let partial = beside(path, &format!(".{}-{count}.partial", process::id()))?;
    let written = File::create(&partial).and_then(|file| {
        let mut file = BufWriter::new(file);
        let value = fill(&mut file)?;
        file.into_inner()?.sync_all()?;
        Ok(value)
    });
    let placed = written
        .map_err(FileError::io("write", path))
        .and_then(|value| rename(&partial, path).map(|()| value));
    placed.inspect_err(|_| {
        // The first error is the one to report.
        let _ = fs::remove_file(&partial);
    })
}

/// Writes a folder: whole, or not at all. `fill` receives an empty folder beside `path`,
/// `NAME.partial`; when it has returned, every file below it is synced and the folder takes the
/// place of a former one.
///
/// One writer at a time: whatever a process that died has left in `NAME.partial` is removed. A
/// former folder is called `NAME.old` between two renames and removed at the end, so at every
/// moment one of the two is whole.
///
/// # Errors
/// [`FileError::Io`] and the errors of `fill`; then nothing is left beside, and a former folder
/// stays as it was.
pub fn write_folder<T, E: From<FileError>>(
    path: &Path,
    fill: impl FnOnce(&Path) -> Result<T, E>,
) -> Result<T, E> {
    let (partial, old) = (beside(path, ".partial")?, beside(path, ".old")?);
    remove_folder(&partial)?;
    fs::create_dir_all(&partial).map_err(FileError::io("create", &partial))?;
    let filled = fill(&partial).and_then(|value| {
        sync_below(&partial).map_err(FileError::io("write", &partial))?;
        replace_folder(&partial, &old, path)?;
        Ok(value)
    });
    filled.inspect_err(|_| {
        let _ = fs::remove_dir_all(&partial);
    })
}

/// Gives a file or a folder another name in the same file system, in place of a former file, and
/// makes the new name durable.
///
/// # Errors
/// [`FileError::Io`].
pub fn rename(from: &Path, to: &Path) -> Result<(), FileError> {
    fs::rename(from, to).map_err(FileError::io("rename to", to))?;
    if let Some(folder) = to.parent() {
        sync_folder(folder);
    }
    Ok(())
}

/// Removes a folder and everything in it, if it exists.
///
/// # Errors
/// [`FileError::Io`].
pub fn remove_folder(folder: &Path) -> Result<(), FileError> {
    match fs::remove_dir_all(folder) {
        Err(cause) if cause.kind() != ErrorKind::NotFound => {
            Err(FileError::io("remove", folder)(cause))
        }
        _ => Ok(()),
    }
}

fn replace_folder(partial: &Path, old: &Path, path: &Path) -> Result<(), FileError> {
    let exists = path.try_exists().map_err(FileError::io("look for", path))?;
    if exists {
        remove_folder(old)?;
        fs::rename(path, old).map_err(FileError::io("rename to", old))?;
    }
    if let Err(error) = rename(partial, path) {
        if exists {
            let _ = fs::rename(old, path);
        }
        return Err(error);
    }
    remove_folder(old)
}

/// The path with something appended to its name.
fn beside(path: &Path, suffix: &str) -> Result<PathBuf, FileError> {
    let Some(name) = path.file_name() else {
        let cause = io::Error::new(ErrorKind::InvalidInput, "the path ends without a name");
        return Err(FileError::io("write", path)(cause));
    };
    let mut name = OsString::from(name);
    name.push(suffix);
    Ok(path.with_file_name(name))
}

fn sync_below(folder: &Path) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            sync_below(&entry.path())?;
        } else {
            // Opened for writing, which Windows wants of a file that is synced.
            File::options().write(true).open(entry.path())?.sync_all()?;
        }
    }
    sync_folder(folder);
    Ok(())
}

fn sync_folder(folder: &Path) {
    // The folder of a relative path without separators is the current one.
    let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    if let Ok(handle) = File::open(folder) {
        // Some systems do not sync folders: a power cut may lose a name there, but never a part of
        // a file.
        let _ = handle.sync_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let entries = fs::read_dir(folder).unwrap();
        let mut names: Vec<_> =
            entries.map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
        names.sort_unstable();
        names
    }

    #[test]
    fn a_file_is_replaced_and_nothing_else_is_left() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.txt");
        write_file(&path, b"one").unwrap();
        write_file(&path, b"two").unwrap();
        assert_eq!((fs::read(&path).unwrap(), names(folder.path()).len()), (b"two".to_vec(), 1));
    }

    #[test]
    fn a_failed_write_keeps_the_former_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.txt");
        write_file(&path, b"one").unwrap();
        let error = write_file_with(&path, |file| {
            file.write_all(b"half")?;
            Err::<(), _>(io::Error::other("no more"))
        });
        let message = error.unwrap_err().to_string();
        assert_eq!(message, format!("cannot write {}: no more", path.display()));
        assert_eq!((fs::read(&path).unwrap(), names(folder.path()).len()), (b"one".to_vec(), 1));
        // A folder in the place of the file stops the rename, after everything was written.
        let taken = folder.path().join("taken");
        fs::create_dir(&taken).unwrap();
        assert!(write_file(&taken, b"x").is_err());
        assert!(write_file(&folder.path().join("missing/a.txt"), b"x").is_err());
        assert!(write_file(Path::new(".."), b"x").is_err());
        assert_eq!(names(folder.path()), ["a.txt", "taken"]);
    }

    #[test]
    fn writers_of_one_path_do_not_disturb_each_other() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("shared");
        std::thread::scope(|scope| {
            for byte in 0..8 {
                let path = &path;
                scope.spawn(move || write_file(path, &[byte; 100_000]).unwrap());
            }
        });
        let content = fs::read(&path).unwrap();
        assert_eq!(content, vec![content[0]; 100_000]);
        assert_eq!(names(folder.path()), ["shared"]);
    }

    #[test]
    fn a_folder_is_replaced_whole() {
        let parent = tempfile::tempdir().unwrap();
        let path = parent.path().join("checkpoint.7");
        fs::create_dir_all(parent.path().join("checkpoint.7.partial/left over")).unwrap();
        let write = |name: &'static str| {
            write_folder(&path, |folder| {
                assert_eq!(names(folder), [""; 0], "an empty folder");
                fs::create_dir(folder.join("inner")).map_err(FileError::io("create", folder))?;
                write_file(&folder.join("inner").join(name), b"x")
            })
        };
        write("a").unwrap();
        write("b").unwrap();
        assert_eq!(names(&path.join("inner")), ["b"]);
        assert_eq!(names(parent.path()), ["checkpoint.7"]);
        let failed = write_folder(&path, |folder| write_file(&folder.join("no/such/folder"), b"x"));
        assert!(failed.is_err());
        assert_eq!(names(&path.join("inner")), ["b"]);
        assert_eq!(names(parent.path()), ["checkpoint.7"]);
    }
}
