//! Files of every format, mutated at random by the thousand: an error or a valid set, never a
//! panic, and never more memory than twice the format's bound. One test in a binary of its own,
//! since all its memory is counted.

#![allow(clippy::unwrap_used, reason = "a failed step of a test is a failed test")]

use std::fs;
use std::io::Write;
use std::path::Path;

use ebm_data::{Catalog, DataRoot, ImageSet, Split, load, load_arrays, load_folder};
use ebm_files::sha256;
use ebm_testing::SplitMix64;
use peak_alloc::PeakAlloc;

#[global_allocator]
static MEMORY: PeakAlloc = PeakAlloc;

const MIB: usize = 1 << 20;
const SEED: u64 = 20_260_101;

/// Faults of files, the same in every run.
struct Faults(SplitMix64);

impl Faults {
    fn below(&mut self, limit: usize) -> usize {
        self.0.below(limit)
    }

    /// A position in a file, every second time in its first bytes: headers are short.
    fn position(&mut self, length: usize) -> usize {
        let limit = if self.0.next_u64().is_multiple_of(2) { length.min(160) } else { length };
        self.below(limit)
    }

    /// One to four faults: a flipped bit, another byte, a number at its limits, a cut, an
    /// insertion, a deletion or a repetition.
    fn mutate(&mut self, original: &[u8]) -> Vec<u8> {
        let mut bytes = original.to_vec();
        for _ in 0..=self.below(4) {
            if bytes.is_empty() {
                break;
            }
            let at = self.position(bytes.len());
            match self.below(8) {
                0 | 1 => bytes[at] ^= 1 << self.below(8),
                2 => bytes[at] = self.0.next_u64() as u8,
                3 => {
                    let extreme = [0, 1, 0x7f, 0x80, 0xff][self.below(5)];
                    let end = (at + 1 + self.below(4)).min(bytes.len());
                    bytes[at..end].fill(extreme);
                }
                4 => bytes.truncate(at),
                5 => {
                    let length = self.below(16);
                    let more: Vec<u8> = (0..length).map(|_| self.0.next_u64() as u8).collect();
                    bytes.splice(at..at, more);
                }
                6 => {
                    let end = (at + self.below(32)).min(bytes.len());
                    bytes.drain(at..end);
                }
                _ => {
                    let end = (at + self.below(64)).min(bytes.len());
                    let again = bytes[at..end].to_vec();
                    bytes.splice(at..at, again);
                }
            }
        }
        bytes
    }
}

/// A format: good files, their reader, and the bound of its memory.
struct Format<'a> {
    name: &'a str,
    files: Vec<Vec<u8>>,
    bound: usize,
    read: &'a dyn Fn(&[u8]) -> Result<ImageSet, String>,
}

impl Format<'_> {
    /// Reads `count` mutated files and returns how many were still sets of images.
    fn check(&self, count: usize, random: &mut Faults) -> usize {
        for file in &self.files {
            assert!((self.read)(file).is_ok(), "{}: {:?}", self.name, (self.read)(file).err());
        }
        let mut read = 0;
        let before = MEMORY.current_usage();
        MEMORY.reset_peak_usage();
        for _ in 0..count {
            let original = &self.files[random.below(self.files.len())];
            let mutated = random.mutate(original);
            match (self.read)(&mutated) {
                Ok(set) => {
                    let per_image: usize = set.shape().iter().product();
                    assert_eq!(set.pixels().len(), set.len() * per_image, "{}", self.name);
                    read += 1;
                }
                Err(message) => assert!(!message.is_empty() && message.len() < 2_000, "{message}"),
            }
        }
        let peak = MEMORY.peak_usage() - before;
        println!("{}: {count} files, {read} of them read, at most {peak} bytes", self.name);
        assert!(peak <= 2 * self.bound, "{}: {peak} bytes, the bound is {}", self.name, self.bound);
        assert!(read < count, "{}: nothing was an error", self.name);
        read
    }
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn entry(name: &str, format: &str, shape: &str, more: &str) -> Catalog {
    Catalog::from_toml(&format!(
        "[{name}]\ndescription = \"d\"\nformat = \"{format}\"\nshape = {shape}\nclasses = 10\nlicence = \"l\"\n\
         citation = \"c\"\nsource = \"s\"\n{more}"
    ))
    .unwrap()
}

#[test]
fn mutated_files_of_every_format() {
    let folder = tempfile::tempdir().unwrap();
    let root = DataRoot::resolve(Some(folder.path().to_path_buf())).unwrap();
    let data = |name: &str| {
        fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(name)).unwrap()
    };
    // Some file systems sync a file that replaces another, which takes longer than all the rest.
    let write = |path: &Path, bytes: &[u8]| {
        let _ = fs::remove_file(path);
        fs::write(path, bytes).unwrap();
    };
    let say = |error: ebm_data::DataError| error.to_string();

    // IDX: a pair, one file of which is mutated.
    let digits = ebm_data::digits().unwrap();
    let images =
        [&[0, 0, 8, 3, 0, 0, 0, 9, 0, 0, 0, 28, 0, 0, 0, 28], &digits.pixels()[..9 * 784]].concat();
    let labels = [&[0, 0, 8, 1, 0, 0, 0, 9][..], &digits.labels()[..9]].concat();
    let [images_path, labels_path] = ["images", "labels"].map(|name| folder.path().join(name));
    let read_idx = |images: &[u8], labels: &[u8]| {
        write(&images_path, images);
        write(&labels_path, labels);
        ImageSet::from_idx_files(&images_path, &labels_path).map_err(say)
    };

    // CIFAR's records and MATLAB's matrices, by a catalogue without checksums or with the mutated
    // file's own.
    let record =
        |i: usize| [&[digits.labels()[i]][..], &digits.pixels()[784 * i..][..3 * 1024]].concat();
    let records: Vec<u8> = (0..8).flat_map(|i| record(500 * i)).collect();
    let cifar = entry(
        "records",
        "records",
        "[3, 32, 32]",
        &format!(
            "[records.tarball]\nname = \"t\"\nfolder = \"f\"\narchive.bytes = 1\narchive.sha256 = \"{}\"\n\
             [records.splits.train]\ncount = 8\nbatches = [{{ name = \"a.bin\", bytes = {} }}]\n",
            "0".repeat(64),
            records.len()
        ),
    );
    for name in ["records", "house"] {
        fs::create_dir(folder.path().join(name)).unwrap();
    }
    let read_cifar = |bytes: &[u8]| {
        write(&folder.path().join("records/a.bin"), bytes);
        load("records", Split::Train, &root, &cifar).map_err(say)
    };
    let read_mat = |bytes: &[u8]| {
        let more = format!(
            "[house.splits.train]\ncount = 7\nbatches = [{{ name = \"t.mat\", bytes = {}, sha256 = \"{}\" }}]\n",
            bytes.len(),
            sha256(bytes)
        );
        write(&folder.path().join("house/t.mat"), bytes);
        load("house", Split::Train, &root, &entry("house", "matlab", "[3, 32, 32]", &more))
            .map_err(say)
    };

    let pictures = folder.path().join("pictures");
    fs::create_dir(&pictures).unwrap();
    let read_picture = |bytes: &[u8]| {
        write(&pictures.join("a.png"), bytes);
        load_folder(&pictures, [3, 8, 8]).map_err(say)
    };
    let [npy_path, npz_path] = ["a.npy", "a.npz"].map(|name| folder.path().join(name));
    let read_array = |path: &Path, bytes: &[u8]| {
        write(path, bytes);
        load_arrays(path, None).map(|(set, _)| set).map_err(say)
    };

    let formats = [
        (
            Format {
                name: "idx of images",
                files: vec![images.clone(), gzip(&images)],
                bound: MIB,
                read: &|bytes| read_idx(bytes, &labels),
            },
            1_500,
        ),
        (
            Format {
                name: "idx of labels",
                files: vec![labels.clone(), gzip(&labels)],
                bound: MIB,
                read: &|bytes| read_idx(&images, bytes),
            },
            1_000,
        ),
        (
            Format {
                name: "cifar",
                files: vec![records.clone(), gzip(&records)],
                bound: MIB,
                read: &read_cifar,
            },
            2_000,
        ),
        // Decoding a picture may take 128 MiB.
        (
            Format {
                name: "png and jpeg",
                files: ["photo.png", "photo.jpg", "progressive.jpg"].map(data).to_vec(),
                bound: 128 * MIB,
                read: &read_picture,
            },
            3_000,
        ),
        (
            Format {
                name: "npy",
                files: vec![data("float.npy")],
                bound: MIB,
                read: &|bytes| read_array(&npy_path, bytes),
            },
            2_000,
        ),
        (
            Format {
                name: "npz",
                files: ["nchw.npz", "nhwc.npz", "keras.npz"].map(data).to_vec(),
                bound: MIB,
                read: &|bytes| read_array(&npz_path, bytes),
            },
            2_500,
        ),
        (
            Format {
                name: "mat",
                files: ["cropped.mat", "plain.mat"].map(data).to_vec(),
                bound: MIB,
                read: &read_mat,
            },
            2_000,
        ),
    ];
    let mut random = Faults(SplitMix64::new(SEED));
    let total: usize = formats
        .iter()
        .map(|(format, count)| {
            format.check(*count, &mut random);
            count
        })
        .sum();
    assert!(total >= 10_000);
}
