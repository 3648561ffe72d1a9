//! Unpacking the one .tar.gz of a set: only the files in the catalogue, of the lengths there.

use std::fs::{self, File};
use std::io::{self, BufReader, ErrorKind, Read};
use std::path::Path;

use ebm_files::{remove_folder, rename, sha256_reader};
use flate2::bufread::GzDecoder;
use tar::Archive;

use crate::catalog::{Entry, Item, Tarball};
use crate::error::{DataError, TarballProblem};
use crate::store::content::Content;

/// The bytes that an archive may hold besides the files: headers, the last blocks, and a readme.
const SLACK_BYTES: u64 = 1 << 20;
const BUFFER_BYTES: usize = 1 << 16;

/// Checks that a file is the published one.
pub(crate) fn check(path: &Path, entry: &Entry, tarball: &Tarball) -> Result<(), DataError> {
    let wrong = |problem| Err(wrong(path, entry, problem));
    let file = File::open(path).map_err(DataError::io("open", path))?;
    let found = file.metadata().map_err(DataError::io("look at", path))?.len();
    let expected = &tarball.archive;
    if found != expected.bytes {
        return wrong(TarballProblem::Length { found, expected: expected.bytes });
    }
    let found = sha256_reader(file.take(expected.bytes)).map_err(DataError::io("read", path))?;
    if found != expected.sha256 {
        return wrong(TarballProblem::Checksum { found, expected: expected.sha256.clone() });
    }
    Ok(())
}

/// Unpacks these files into `directory`, which must exist: first into a folder in it, where their
/// content is checked, so that each receives its name whole and right or not at all.
pub(crate) fn unpack(
    path: &Path,
    entry: &Entry,
    tarball: &Tarball,
    items: &[Item<'_>],
    directory: &Path,
) -> Result<(), DataError> {
    let beside = directory.join(format!("{}.new", tarball.folder));
    // A process that died may have left it.
    remove_folder(&beside)?;
    fs::create_dir(&beside).map_err(DataError::io("create", &beside))?;
    let unpacked = unpack_beside(path, entry, tarball, items, &beside).and_then(|()| {
        let mut names = items.iter().map(|item| &item.file.name);
        names.try_for_each(|name| Ok(rename(&beside.join(name), &directory.join(name))?))
    });
    unpacked.and(remove_folder(&beside).map_err(DataError::from))
}

fn unpack_beside(
    path: &Path,
    entry: &Entry,
    tarball: &Tarball,
    items: &[Item<'_>],
    beside: &Path,
) -> Result<(), DataError> {
    let broken = |cause| wrong(path, entry, TarballProblem::Broken { cause });
    let file = File::open(path).map_err(DataError::io("open", path))?;
    let bytes: u64 = entry.files().map(|file| file.bytes).sum();
    let limit = bytes.saturating_add(SLACK_BYTES);
    let decoder = GzDecoder::new(BufReader::with_capacity(BUFFER_BYTES, file)).take(limit);
    let mut archive = Archive::new(decoder);
    let mut found = vec![false; items.len()];
    // Raw: names are compared as they stand in the headers, and no header asks for memory.
    for member in archive.entries().map_err(broken)?.raw(true) {
        let mut member = member.map_err(broken)?;
        let name = member.path_bytes().into_owned();
        let wanted =
            |item: &Item<'_>| name == format!("{}/{}", tarball.folder, item.file.name).as_bytes();
        let Some(index) = items.iter().position(wanted) else { continue };
        if !member.header().entry_type().is_file() {
            continue;
        }
        let file = items[index].file;
        let size = member.size();
        if size != file.bytes || found[index] {
            let (name, expected) = (file.name.clone(), file.bytes);
            return Err(wrong(path, entry, TarballProblem::Size { name, found: size, expected }));
        }
        write(&mut member, &beside.join(&file.name), broken)?;
        found[index] = true;
    }
    if let Some(index) = found.iter().position(|found| !found) {
        let (folder, name) = (tarball.folder.clone(), items[index].file.name.clone());
        return Err(wrong(path, entry, TarballProblem::Absent { folder, name }));
    }
    for &item in items {
        Content::default().read(entry, item, &beside.join(&item.file.name))?;
    }
    Ok(())
}

/// Copies to the end and distinguishes faults of the archive from those of the disk.
fn write(
    from: &mut impl Read,
    path: &Path,
    broken: impl Fn(io::Error) -> DataError,
) -> Result<(), DataError> {
    use io::Write;
    let mut file = File::create(path).map_err(DataError::io("create", path))?;
    let mut buffer = vec![0; BUFFER_BYTES];
    loop {
        match from.read(&mut buffer) {
            Ok(0) => break,
            Ok(count) => {
                file.write_all(&buffer[..count]).map_err(DataError::io("write", path))?;
            }
            Err(cause) if cause.kind() == ErrorKind::Interrupted => {}
            Err(cause) => return Err(broken(cause)),
        }
    }
    file.sync_all().map_err(DataError::io("write", path))
}

fn wrong(path: &Path, entry: &Entry, problem: TarballProblem) -> DataError {
    DataError::WrongTarball { path: path.to_path_buf(), problem, dataset: entry.name.clone() }
}
