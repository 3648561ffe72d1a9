//! A small data set of records as in CIFAR-10: three embedded digits as the planes of each image.

use std::fs;
use std::path::{Path, PathBuf};

use ebm_data::{Catalog, DataRoot, digits};
use flate2::Compression;
use flate2::write::GzEncoder;
use tar::{Builder, EntryType, Header};

use crate::tiny::sha256;

pub const RECORD: usize = 1 + 3 * 28 * 28;
/// The name, the first digit and the number of images of each file.
const FILES: [(&str, usize, usize); 3] =
    [("a.bin", 0, 40), ("b.bin", 1000, 20), ("t.bin", 2000, 10)];

pub fn catalog_text(mirrors: &[String], tarball: &[u8]) -> String {
    let batch =
        |name: &str, count: usize| format!("{{ name = \"{name}\", bytes = {} }}", count * RECORD);
    let [a, b, t] = FILES.map(|(name, _, count)| batch(name, count));
    format!(
        "[small]\ndescription = \"d\"\nformat = \"records\"\nshape = [3, 28, 28]\nclasses = 10\n\
         licence = \"l\"\ncitation = \"c\"\nsource = \"s\"\nmirrors = {mirrors:?}\n\
         layouts = [\"small/inside\", \"inside\"]\n\
         [small.tarball]\nname = \"small.tar.gz\"\nfolder = \"inside\"\n\
         archive.bytes = {}\narchive.sha256 = \"{}\"\n\
         [small.splits.train]\ncount = 60\nbatches = [{a}, {b}]\n\
         [small.splits.test]\ncount = 10\nbatches = [{t}]\n",
        tarball.len(),
        sha256(tarball)
    )
}

pub fn catalog(mirrors: &[String], tarball: &[u8]) -> Catalog {
    Catalog::from_toml(&catalog_text(mirrors, tarball)).unwrap()
}

/// The three files, as names and contents.
pub fn files() -> Vec<(&'static str, Vec<u8>)> {
    let digits = digits().unwrap();
    let record = |i: usize| {
        let planes = [i, i + 1, i + 2].map(|i| digits.image(i)).concat();
        [&[digits.labels()[i]], &planes[..]].concat()
    };
    let content = |first: usize, count: usize| (0..count).flat_map(move |i| record(first + 60 * i));
    FILES.map(|(name, first, count)| (name, content(first, count).collect())).to_vec()
}

pub fn write(directory: &Path, files: &[(&str, Vec<u8>)]) -> PathBuf {
    fs::create_dir_all(directory).unwrap();
    for (name, content) in files {
        fs::write(directory.join(name), content).unwrap();
    }
    directory.to_path_buf()
}

/// The published archive: the files below `inside/`, and a readme.
pub fn tarball() -> Vec<u8> {
    let mut members =
        vec![("inside/readme.html".to_owned(), EntryType::Regular, b"hello".to_vec())];
    let files = files().into_iter();
    members
        .extend(files.map(|(name, bytes)| (format!("inside/{name}"), EntryType::Regular, bytes)));
    pack(&tar(&members))
}

/// Name, kind and content.
pub type Member = (String, EntryType, Vec<u8>);

/// A tar of members whose names are written to the headers unchanged.
pub fn tar(members: &[Member]) -> Vec<u8> {
    let mut builder = Builder::new(Vec::new());
    for (name, kind, content) in members {
        let mut header = Header::new_gnu();
        header.as_old_mut().name[..name.len()].copy_from_slice(name.as_bytes());
        header.set_entry_type(*kind);
        header.set_size(content.len() as u64);
        header.set_mode(0o644);
        header.set_cksum();
        builder.append(&header, &content[..]).unwrap();
    }
    builder.into_inner().unwrap()
}

pub fn pack(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    std::io::Write::write_all(&mut encoder, bytes).unwrap();
    encoder.finish().unwrap()
}

/// Asserts that the whole set loads from there, pixel by pixel.
pub fn assert_complete(root: &DataRoot) {
    use ebm_data::{Split, load};
    let catalog = catalog(&[], b"");
    let files = files();
    for (split, part) in [(Split::Train, &files[..2]), (Split::Test, &files[2..])] {
        let set = load("small", split, root, &catalog).unwrap();
        let bytes = part.iter().map(|(_, bytes)| &bytes[..]).collect::<Vec<_>>().concat();
        assert_eq!((set.len(), set.shape()), (bytes.len() / RECORD, [3, 28, 28]));
        for (index, record) in bytes.chunks(RECORD).enumerate() {
            assert_eq!(set.labels()[index], record[0]);
            assert!(set.image(index) == &record[1..], "image {index}");
        }
    }
}
