//! Real files, corrupted, of sets whose checksums are not known: an error or a valid set, never a
//! panic.

use ebm_data::{DataError, Split, load};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;

use crate::small::{self, files, pack, write};
use crate::tiny::{
    IMAGES, IMAGES_GZ, LABELS, LABELS_GZ, catalog_without_checksums, put, root, unpacked,
};

/// Bits to flip anywhere, bytes to set at the beginning, and where to cut, as a share of the
/// length.
#[derive(Clone, Debug)]
struct Corruption {
    flips: Vec<(f64, u8)>,
    header: Vec<(usize, u8)>,
    cut: Option<f64>,
}

impl Corruption {
    fn apply(&self, mut bytes: Vec<u8>) -> Vec<u8> {
        let len = bytes.len() as f64;
        for &(at, bit) in &self.flips {
            bytes[(at * len) as usize] ^= 1 << bit;
        }
        for &(at, value) in &self.header {
            bytes[at] = value;
        }
        bytes.truncate(self.cut.map_or(bytes.len(), |at| (at * len) as usize));
        bytes
    }
}

fn corruption() -> impl Strategy<Value = Corruption> {
    let flips = vec((0.0f64..1.0, 0u8..8), 0..4);
    let header = vec((0usize..16, any::<u8>()), 0..3);
    (flips, header, option::weighted(0.3, 0.0f64..1.0))
        .prop_map(|(flips, header, cut)| Corruption { flips, header, cut })
}

fn corrupted(bytes: Vec<u8>, corruption: &Corruption, packed: bool) -> Vec<u8> {
    if packed { corruption.apply(pack(&bytes)) } else { corruption.apply(bytes) }
}

fn is_of_a_file(error: &DataError) -> bool {
    matches!(error, DataError::WrongFile { .. })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn idx(labels in corruption(), images in option::weighted(0.2, corruption()), packed: bool) {
        let (_folder, root) = root();
        let labels = corrupted(unpacked(LABELS_GZ), &labels, packed);
        let images = images.map(|corruption| corruption.apply(IMAGES_GZ.to_vec()));
        put(&root, &[(&format!("{IMAGES}.gz"), images.as_deref().unwrap_or(IMAGES_GZ)), (LABELS, &labels)]);
        match load("tiny", Split::Train, &root, &catalog_without_checksums(&[])) {
            Ok(set) => {
                prop_assert_eq!((set.len(), set.shape()), (5000, [1, 28, 28]));
                prop_assert!(set.labels().iter().all(|&label| label < 10));
            }
            Err(error) => prop_assert!(is_of_a_file(&error), "{}", error),
        }
    }

    #[test]
    fn cifar(first in corruption(), second in option::of(corruption()), packed: bool) {
        let (_folder, root) = root();
        let mut files = files();
        files[0].1 = corrupted(files[0].1.clone(), &first, packed);
        if let Some(corruption) = second {
            files[1].1 = corruption.apply(files[1].1.clone());
        }
        write(&root.directory("small"), &files);
        match load("small", Split::Train, &root, &small::catalog(&[], b"")) {
            Ok(set) => {
                prop_assert_eq!((set.len(), set.shape()), (60, [3, 28, 28]));
                prop_assert!(set.labels().iter().all(|&label| label < 10));
            }
            Err(error) => prop_assert!(is_of_a_file(&error), "{}", error),
        }
    }
}
