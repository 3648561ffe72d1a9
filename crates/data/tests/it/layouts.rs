//! Files in the folders of other programs.

use std::fs;

use ebm_data::{Catalog, DataRoot, FileStatus, Split, fetch, load, verify};

use crate::fetch::options;
use crate::tiny::{
    IMAGES, IMAGES_GZ, LABELS, LABELS_GZ, catalog_without_checksums, put, root, unpacked,
};

#[test]
fn other_folders_are_searched_after_the_sets_own() {
    let (_folder, root) = root();
    let catalog = catalog_without_checksums(&["Tiny/raw"]);
    let raw = root.path().join("Tiny/raw");
    fs::create_dir_all(&raw).unwrap();
    fs::write(raw.join(IMAGES), unpacked(IMAGES_GZ)).unwrap();
    let labels = raw.join(format!("{LABELS}.gz"));
    fs::write(&labels, LABELS_GZ).unwrap();
    assert_eq!(load("tiny", Split::Train, &root, &catalog).unwrap().len(), 5000);
    // Nothing is missing, so nothing is fetched and no lock is left.
    fetch(catalog.get("tiny").unwrap(), &root, &options(), &mut |_| {}).unwrap();
    assert!(!root.path().join("tiny.lock").exists());

    // The set's own folder comes first, and a packed file there before an unpacked one elsewhere.
    let own = put(&root, &[(&format!("{IMAGES}.gz"), IMAGES_GZ)]);
    let status = verify("tiny", &root, &catalog).unwrap();
    let path = |index: usize| match &status[index].1 {
        FileStatus::Good { path } => path,
        other => panic!("{other:?}"),
    };
    assert_eq!((path(0), path(1)), (&own.join(format!("{IMAGES}.gz")), &labels));
}

#[cfg(unix)]
#[test]
fn an_absolute_folder_needs_no_root() {
    let elsewhere = tempfile::Builder::new().prefix("tiny").tempdir().unwrap();
    for (name, bytes) in [(IMAGES, IMAGES_GZ), (LABELS, LABELS_GZ)] {
        fs::write(elsewhere.path().join(format!("{name}.gz")), bytes).unwrap();
    }
    let root = DataRoot::resolve(Some("does/not/exist".into())).unwrap();
    let catalog = catalog_without_checksums(&[elsewhere.path().to_str().unwrap()]);
    assert_eq!(load("tiny", Split::Train, &root, &catalog).unwrap().len(), 5000);
}

#[test]
fn a_missing_file_is_named_with_every_folder() {
    let (_folder, root) = root();
    let catalog = Catalog::embedded().unwrap();
    let message = load("cifar10", Split::Test, &root, &catalog).unwrap_err().to_string();
    let at = |path: &str| root.path().join(path).display().to_string();
    for part in [
        format!("test_batch.bin (or test_batch.bin.gz) is not in {}, nor is it in ", at("cifar10")),
        format!("nor is it in {}", at("cifar10/cifar-10-batches-bin")),
        format!("nor is it in {}", at("cifar-10-batches-bin")),
    ] {
        assert!(message.contains(&part), "{message}");
    }
}

#[test]
fn without_a_root_the_folders_elsewhere_are_named() {
    let root = DataRoot::resolve(Some("does/not/exist".into())).unwrap();
    let catalog = catalog_without_checksums(&["Tiny/raw", "/neither/does/this"]);
    let message = load("tiny", Split::Train, &root, &catalog).unwrap_err().to_string();
    let expected = "does/not/exist (as given) does not exist, nor is it in /neither/does/this";
    assert!(message.ends_with(expected), "{message}");
}

#[test]
#[ignore = "needs Debian's package dataset-fashion-mnist"]
fn debians_fashion_mnist_is_found() {
    let root = DataRoot::resolve(Some("does/not/exist".into())).unwrap();
    let set = load("fashion-mnist", Split::Test, &root, &Catalog::embedded().unwrap()).unwrap();
    assert_eq!(set.len(), 10_000);
}
