//! Feeds arbitrary files to the parsers of data sets: the first byte selects the format, the rest
//! is the file.
//!
//! Run `cargo +nightly fuzz run files` in the root of the repository. For a seed corpus, prefix the
//! files in `crates/data/tests/data` with the byte of their format. Errors are expected, panics are
//! bugs.

#![no_main]

use std::fs;
use std::path::Path;

use ebm_data::{Catalog, DataError, DataRoot, IdxArray, Split, load, load_arrays, load_folder};
use libfuzzer_sys::fuzz_target;
use sha2::{Digest, Sha256};

fuzz_target!(|bytes: &[u8]| {
    let Some((&format, file)) = bytes.split_first() else { return };
    match format % 7 {
        0 => _ = IdxArray::read(file, 3),
        1 => _ = IdxArray::read(file, 1),
        2 => at("a.npy", file, |path| _ = load_arrays(path, None)),
        3 => at("a.npz", file, |path| _ = load_arrays(path, None)),
        4 => at("pictures/a.png", file, |path| {
            _ = path.parent().map(|it| load_folder(it, [3, 8, 8]))
        }),
        5 => at("set/a.bin", file, |path| read_set(path, records(file.len()))),
        _ => at("set/a.bin", file, |path| read_set(path, matrices(file))),
    }
});

/// Calls `read` with the path of a file of these bytes in a temporary folder.
fn at(name: &str, bytes: &[u8], read: impl FnOnce(&Path)) {
    let Ok(folder) = tempfile::tempdir() else { return };
    let path = folder.path().join(name);
    let created = path.parent().map(fs::create_dir_all);
    if created.is_some_and(|created| created.is_ok()) && fs::write(&path, bytes).is_ok() {
        read(&path);
    }
}

/// Loads the set of a catalogue whose files lie in the folder of `path`.
fn read_set(path: &Path, catalog: Result<Catalog, DataError>) {
    let root = path.parent().and_then(Path::parent).map(Path::to_path_buf);
    if let (Ok(root), Ok(catalog)) = (DataRoot::resolve(root), catalog) {
        _ = load("set", Split::Train, &root, &catalog);
    }
}

/// Returns a catalogue with a set in CIFAR-10's binary records: one file of as many whole records
/// as fit into `length` bytes.
fn records(length: usize) -> Result<Catalog, DataError> {
    const RECORD: usize = 1 + 3 * 4;
    let count = length / RECORD;
    entry(
        "records",
        "[3, 2, 2]",
        &format!(
            "[set.tarball]\nname = \"t\"\nfolder = \"f\"\narchive.bytes = 1\narchive.sha256 = \"{}\"\n\
             [set.splits.train]\ncount = {count}\nbatches = [{{ name = \"a.bin\", bytes = {} }}]\n",
            "0".repeat(64),
            count * RECORD
        ),
    )
}

/// Returns a catalogue with a set in MATLAB's format: this file, with the checksum of its bytes and
/// as many images as the committed files have.
fn matrices(file: &[u8]) -> Result<Catalog, DataError> {
    let checksum: String = Sha256::digest(file).iter().map(|byte| format!("{byte:02x}")).collect();
    entry(
        "matlab",
        "[3, 32, 32]",
        &format!(
            "[set.splits.train]\ncount = 7\nbatches = [{{ name = \"a.bin\", bytes = {}, sha256 = \"{checksum}\" }}]\n",
            file.len()
        ),
    )
}

/// Returns a catalogue with the entry `set`.
fn entry(format: &str, shape: &str, more: &str) -> Result<Catalog, DataError> {
    Catalog::from_toml(&format!(
        "[set]\ndescription = \"d\"\nformat = \"{format}\"\nshape = {shape}\nclasses = 10\nlicence = \"l\"\n\
         citation = \"c\"\nsource = \"s\"\n{more}"
    ))
}
