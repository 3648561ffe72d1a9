//! Loading from a folder: right files load, wrong ones are named.

use std::fs;
use std::io::Write;

use ebm_data::{
    Catalog, DataError, DataRoot, FileProblem, FileStatus, IdxError, Split, digits, load,
    test_digits, verify,
};
use flate2::Compression;
use flate2::write::GzEncoder;

use crate::tiny::{IMAGES, IMAGES_GZ, LABELS, LABELS_GZ, catalog, put, root, unpacked};

fn pack(bytes: &[u8], level: u32) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::new(level));
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// Loads `tiny` with these bytes as its images.
fn load_images(name: &str, images: &[u8]) -> DataError {
    let (_folder, root) = root();
    put(&root, &[(name, images), (LABELS, &unpacked(LABELS_GZ))]);
    load("tiny", Split::Train, &root, &catalog(&[])).unwrap_err()
}

#[test]
fn packed_by_anyone_or_unpacked() {
    let (images, labels) = (unpacked(IMAGES_GZ), unpacked(LABELS_GZ));
    let other = pack(&images, 1);
    assert_ne!(other, IMAGES_GZ);
    let gz = format!("{IMAGES}.gz");
    for files in [
        [(gz.as_str(), other.as_slice()), (LABELS, &labels)],
        [(IMAGES, &images), (LABELS, &labels)],
    ] {
        let (_folder, root) = root();
        put(&root, &files);
        let set = load("tiny", Split::Train, &root, &catalog(&[])).unwrap();
        assert_eq!((set.name(), set.shape(), set.len()), ("tiny", [1, 28, 28], 5000));
        assert!(set.pixels() == digits().unwrap().pixels());
        assert!(set.labels() == digits().unwrap().labels());
        let status = verify("tiny", &root, &catalog(&[])).unwrap();
        assert_eq!([&status[0].0, &status[1].0], [IMAGES, LABELS]);
        assert!(status.iter().all(|(_, status)| matches!(status, FileStatus::Good { .. })));
    }
}

#[test]
fn missing_files_and_folders_are_named() {
    let (folder, root) = root();
    let message = |root: &DataRoot| {
        load("kmnist", Split::Test, root, &Catalog::embedded().unwrap()).unwrap_err().to_string()
    };
    let directory = root.directory("kmnist").display().to_string();
    let missing = message(&root);
    for part in ["t10k-images-idx3-ubyte.gz", &directory] {
        assert!(missing.contains(part), "{missing}");
    }
    let status = verify("kmnist", &root, &Catalog::embedded().unwrap()).unwrap();
    assert!(status.len() == 4 && status.iter().all(|(_, s)| matches!(s, FileStatus::Missing)));

    let absent = folder.path().join("absent");
    let no_root = message(&DataRoot::resolve(Some(absent.clone())).unwrap());
    for part in [&absent.display().to_string(), "as given", "does not exist"] {
        assert!(no_root.contains(part), "{no_root}");
    }
}

#[test]
fn digits_need_no_folder() {
    let root = DataRoot::resolve(Some("does/not/exist".into())).unwrap();
    let catalog = Catalog::embedded().unwrap();
    assert_eq!(load("digits", Split::Train, &root, &catalog).unwrap(), digits().unwrap());
    let test = load("digits", Split::Test, &root, &catalog);
    assert!(test.unwrap() == test_digits().unwrap());
    let error = load("celeba", Split::Test, &root, &catalog).map(|set| set.len()).unwrap_err();
    assert!(error.to_string().contains("no test split; it has: train"), "{error}");
    let error = load("mnits", Split::Train, &root, &catalog).unwrap_err();
    assert!(
        error
            .to_string()
            .contains("known: celeba, cifar10, digits, facades, fashion-mnist, kmnist, mnist"),
        "{error}"
    );
}

#[test]
fn one_changed_pixel_is_a_wrong_checksum() {
    let mut images = unpacked(IMAGES_GZ);
    images[1_000_000] ^= 1;
    for (name, bytes) in
        [(IMAGES.to_owned(), images.clone()), (format!("{IMAGES}.gz"), pack(&images, 6))]
    {
        let error = load_images(&name, &bytes);
        let message = error.to_string();
        for part in [&name, "wrong checksum", "expected a4a9358b"] {
            assert!(message.contains(part), "{message}");
        }
        assert!(matches!(
            error,
            DataError::WrongFile { problem: FileProblem::Checksum { .. }, .. }
        ));
    }
}

#[test]
fn files_cut_short_are_named() {
    let images = unpacked(IMAGES_GZ);
    let error = load_images(IMAGES, &images[..images.len() - 1]);
    assert!(error.to_string().contains("3920015 bytes unpacked, expected 3920016"), "{error}");
    let error = load_images(&format!("{IMAGES}.gz"), &IMAGES_GZ[..IMAGES_GZ.len() - 4]);
    assert!(
        matches!(
            error,
            DataError::WrongFile { problem: FileProblem::Idx(IdxError::Gzip { .. }), .. }
        ),
        "{error}"
    );
}

#[test]
fn a_bomb_is_not_unpacked() {
    let bomb = pack(&vec![0; 200_000_000], 9);
    assert!(bomb.len() < 1_000_000);
    let error = load_images(&format!("{IMAGES}.gz"), &bomb);
    assert!(error.to_string().contains("longer than 3920016 bytes"), "{error}");
}

#[test]
fn a_folder_with_a_files_name_is_named() {
    let (_folder, root) = root();
    let path = put(&root, &[(LABELS, &unpacked(LABELS_GZ))]).join(IMAGES);
    fs::create_dir(&path).unwrap();
    let error = load("tiny", Split::Train, &root, &catalog(&[])).unwrap_err();
    assert!(error.to_string().contains(&path.display().to_string()), "{error}");
    assert!(matches!(error, DataError::Io { .. }));
    let status = verify("tiny", &root, &catalog(&[])).unwrap();
    assert!(matches!(status[0].1, FileStatus::Wrong { error: DataError::Io { .. } }));
    assert!(matches!(status[1].1, FileStatus::Good { .. }));
}
