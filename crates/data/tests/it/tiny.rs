//! A small data set as users have it on disk: the embedded digits under the name `tiny`.

use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

use ebm_data::{Catalog, DataRoot};
use flate2::read::GzDecoder;
use sha2::{Digest, Sha256};
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

pub fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
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

/// The same without the sums of the unpacked files, with other folders to look into.
pub fn catalog_without_sums(layouts: &[&str]) -> Catalog {
    let text = catalog_text(&[]);
    let lines = text.lines().filter(|line| !line.starts_with("sha256"));
    let text = lines.collect::<Vec<_>>().join("\n");
    let layouts = format!("mirrors = []\nlayouts = {layouts:?}");
    Catalog::from_toml(&text.replacen("mirrors = []", &layouts, 1)).unwrap()
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
