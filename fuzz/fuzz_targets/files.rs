//! The files that data sets come in: the first byte chooses the format, the rest is the file.
//!
//! `cargo +nightly fuzz run files` in the repository's root; `crates/data/tests/data` has files to
//! begin with, each to be put behind the byte of its format. An error is right, a panic is not.

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

/// Calls `read` with a file of these bytes in a folder of its own.
fn at(name: &str, bytes: &[u8], read: impl FnOnce(&Path)) {
    let Ok(folder) = tempfile::tempdir() else { return };
    let path = folder.path().join(name);
    let made = path.parent().map(fs::create_dir_all);
    if made.is_some_and(|made| made.is_ok()) && fs::write(&path, bytes).is_ok() {
        read(&path);
    }
}

fn read_set(path: &Path, catalog: Result<Catalog, DataError>) {
    let root = path.parent().and_then(Path::parent).map(Path::to_path_buf);
    if let (Ok(root), Ok(catalog)) = (DataRoot::resolve(root), catalog) {
        _ = load("set", Split::Train, &root, &catalog);
    }
}

/// A set of CIFAR's kind with one file of as many whole records.
fn records(length: usize) -> Result<Catalog, DataError> {
    const RECORD: usize = 1 + 3 * 4;
    let count = length / RECORD;
    entry(
        "cifar",
        "[3, 2, 2]",
        &format!(
            "[set.tarball]\nname = \"t\"\nfolder = \"f\"\narchive.bytes = 1\narchive.sha256 = \"{}\"\n\
             [set.splits.train]\ncount = {count}\nbatches = [{{ name = \"a.bin\", bytes = {} }}]\n",
            "0".repeat(64),
            count * RECORD
        ),
    )
}

/// A set of MATLAB's kind with this file, of as many images as the committed one has.
fn matrices(file: &[u8]) -> Result<Catalog, DataError> {
    let sum: String = Sha256::digest(file).iter().map(|byte| format!("{byte:02x}")).collect();
    entry(
        "mat",
        "[3, 32, 32]",
        &format!(
            "[set.splits.train]\ncount = 7\nbatches = [{{ name = \"a.bin\", bytes = {}, sha256 = \"{sum}\" }}]\n",
            file.len()
        ),
    )
}

fn entry(kind: &str, shape: &str, more: &str) -> Result<Catalog, DataError> {
    Catalog::from_toml(&format!(
        "[set]\ndescription = \"d\"\nkind = \"{kind}\"\nshape = {shape}\nclasses = 10\nlicence = \"l\"\n\
         citation = \"c\"\nsource = \"s\"\n{more}"
    ))
}
