//! A small data set as users have it on disk, the embedded digits under the name `tiny`, and
//! helpers.

use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

use ebm_data::{Catalog, DataRoot};
pub use ebm_files::sha256;
use flate2::read::GzDecoder;
use tempfile::TempDir;

pub const IMAGES: &str = "digits-images-idx3-ubyte";
pub const LABELS: &str = "digits-labels-idx1-ubyte";
pub const IMAGES_GZ: &[u8] = include_bytes!("../../data/digits-images-idx3-ubyte.gz");
pub const LABELS_GZ: &[u8] = include_bytes!("../../data/digits-labels-idx1-ubyte.gz");

pub fn unpacked(gz: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    GzDecoder::new(gz).read_to_end(&mut bytes).unwrap();
    bytes
}

pub fn catalog_text(mirrors: &[String]) -> String {
    let file = |key: &str, name: &str, gz: &[u8]| {
        let raw = unpacked(gz);
        format!(
            "[tiny.splits.train.files.{key}]\nname = \"{name}\"\nbytes = {}\nsha256 = \"{}\"\n\
             archive.bytes = {}\narchive.sha256 = \"{}\"\n",
            raw.len(),
            sha256(&raw),
            gz.len(),
            sha256(gz)
        )
    };
    format!(
        "[tiny]\ndescription = \"d\"\nformat = \"idx\"\nshape = [1, 28, 28]\nclasses = 10\n\
         licence = \"l\"\ncitation = \"c\"\nsource = \"s\"\nmirrors = {mirrors:?}\n\
         [tiny.splits.train]\ncount = 5000\n{}{}",
        file("images", IMAGES, IMAGES_GZ),
        file("labels", LABELS, LABELS_GZ)
    )
}

pub fn catalog(mirrors: &[String]) -> Catalog {
    Catalog::from_toml(&catalog_text(mirrors)).unwrap()
}

/// Describes `tiny` without the checksums of the unpacked files, and with other folders to search.
pub fn catalog_without_checksums(layouts: &[&str]) -> Catalog {
    let text = catalog_text(&[]);
    let lines = text.lines().filter(|line| !line.starts_with("sha256"));
    let text = lines.collect::<Vec<_>>().join("\n");
    let layouts = format!("mirrors = []\nlayouts = {layouts:?}");
    Catalog::from_toml(&text.replacen("mirrors = []", &layouts, 1)).unwrap()
}

/// The folder that EBM_DATA names.
pub fn outside_root() -> DataRoot {
    DataRoot::resolve(std::env::var_os("EBM_DATA").map(Into::into)).unwrap()
}

/// A data root in a temporary folder, which lives as long as the first value.
pub fn root() -> (TempDir, DataRoot) {
    let folder = tempfile::tempdir().unwrap();
    let root = DataRoot::resolve(Some(folder.path().to_path_buf())).unwrap();
    (folder, root)
}

/// Writes files into the folder of `tiny`.
pub fn put(root: &DataRoot, files: &[(&str, &[u8])]) -> PathBuf {
    let directory = root.directory("tiny");
    fs::create_dir_all(&directory).unwrap();
    for (name, content) in files {
        fs::write(directory.join(name), content).unwrap();
    }
    directory
}

pub fn names(directory: &Path) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(directory)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}
