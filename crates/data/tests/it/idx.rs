//! The IDX parser on the embedded files, whole, cut and corrupted.

use ebm_data::{IdxArray, IdxError, ImageSet};
use proptest::collection::vec;
use proptest::prelude::*;

use crate::tiny::{IMAGES_GZ, LABELS_GZ, unpacked};

#[test]
fn packed_and_unpacked_are_the_same_array() {
    let packed = IdxArray::read(IMAGES_GZ, 3).unwrap();
    assert_eq!(packed.dims(), [5000, 28, 28]);
    assert_eq!(packed, IdxArray::read(&unpacked(IMAGES_GZ)[..], 3).unwrap());
    assert_eq!(IdxArray::read(LABELS_GZ, 1).unwrap().dims(), [5000]);
}

#[test]
fn each_fault_of_a_header_has_its_error() {
    let faulty = |bytes: &[u8], rank| IdxArray::parse(bytes, rank).unwrap_err().to_string();
    assert_eq!(faulty(b"\x89PNG", 1), "begins with [89, 50], expected 00 00 (IDX) or 1f 8b (gzip)");
    assert_eq!(
        faulty(&[0, 0, 0x0d, 1, 0, 0, 0, 0], 1),
        "element type is 0x0d, expected 0x08 (unsigned bytes)"
    );
    assert_eq!(faulty(&[0, 0, 8, 1, 0, 0, 0, 0], 3), "has 1 dimensions, expected 3");
    assert_eq!(faulty(&[0, 0, 8], 1), "cut short: 3 bytes, expected 8");
    assert_eq!(faulty(&[0, 0, 8, 3, 0, 0], 3), "cut short: 6 bytes, expected 16");
    assert_eq!(faulty(&[0, 0, 8, 1, 0, 0, 0, 2, 5], 1), "cut short: 9 bytes, expected 10");
    assert_eq!(
        faulty(&[0, 0, 8, 1, 0, 0, 0, 1, 5, 6], 1),
        "10 bytes, expected 9: something follows the array"
    );
    let mut large = vec![0, 0, 8, 3];
    large.extend([0xff; 12]);
    assert!(matches!(IdxArray::parse(&large, 3), Err(IdxError::TooLarge { .. })));
    assert!(matches!(
        IdxArray::parse(&[0, 0, 8, 1, 0x40, 0, 0, 0], 1),
        Err(IdxError::TooLarge { .. })
    ));
}

#[test]
fn bytes_behind_the_gzip_are_an_error() {
    for extra in [&b"\0"[..], b"more", LABELS_GZ] {
        assert!(IdxArray::read(&[LABELS_GZ, extra].concat()[..], 1).is_err());
    }
}

#[test]
fn images_and_labels_that_do_not_belong_together() {
    let folder = tempfile::tempdir().unwrap();
    let (images, labels) = (folder.path().join("i.gz"), folder.path().join("l"));
    std::fs::write(&images, IMAGES_GZ).unwrap();
    std::fs::write(&labels, [0, 0, 8, 1, 0, 0, 0, 2, 5, 6]).unwrap();
    let message = ImageSet::from_idx_files(&images, &labels).unwrap_err().to_string();
    let (i, l) = (images.display().to_string(), labels.display().to_string());
    for part in [&i, &l, "5000 images and 2 labels"] {
        assert!(message.contains(part), "{message}");
    }
    let message = ImageSet::from_idx_files(&labels, &images).unwrap_err().to_string();
    assert_eq!(message, format!("{l}: has 1 dimensions, expected 3"));
    let message = ImageSet::from_idx_files(&folder.path().join("no"), &labels).unwrap_err();
    assert!(message.to_string().starts_with("cannot open "), "{message}");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    #[test]
    fn a_cut_file_is_an_error(at in 0.0f64..1.0, packed: bool, images: bool) {
        let (gz, rank) = if images { (IMAGES_GZ, 3) } else { (LABELS_GZ, 1) };
        let bytes = if packed { gz.to_vec() } else { unpacked(gz) };
        let cut = (at * bytes.len() as f64) as usize;
        prop_assert!(IdxArray::read(&bytes[..cut], rank).is_err());
    }

    #[test]
    fn corrupted_images_never_panic(changes in vec((0.0f64..1.0, any::<u8>()), 1..4), packed: bool) {
        let mut bytes = if packed { IMAGES_GZ.to_vec() } else { unpacked(IMAGES_GZ) };
        let len = bytes.len() as f64;
        for (at, value) in changes {
            bytes[(at * len) as usize] = value;
        }
        if let Ok(array) = IdxArray::read(&bytes[..], 3) {
            prop_assert_eq!(array.data().len(), array.dims().iter().product::<usize>());
        }
    }

    #[test]
    fn corrupted_headers_never_panic(changes in vec((0usize..16, any::<u8>()), 1..4), packed: bool, rank in 0u8..5) {
        let mut bytes = if packed { LABELS_GZ.to_vec() } else { unpacked(LABELS_GZ) };
        for (at, value) in changes {
            bytes[at] = value;
        }
        if let Ok(array) = IdxArray::read(&bytes[..], rank) {
            prop_assert_eq!(array.data().len(), array.dims().iter().product::<usize>());
        }
    }

    #[test]
    fn any_bytes_never_panic(bytes in vec(any::<u8>(), 0..64), rank: u8) {
        let _ = IdxArray::read(&bytes[..], rank);
        let _ = IdxArray::read(&[&[0, 0, 8, rank], &bytes[..]].concat()[..], rank);
        let _ = IdxArray::read(&[&[0x1f, 0x8b, 8, 0], &bytes[..]].concat()[..], rank);
    }
}
