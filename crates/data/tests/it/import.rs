//! Importing a user's files.

use std::fs;
use std::path::PathBuf;

use ebm_data::{DataError, FileProblem, Split, import, load};

use crate::small::{self, tarball, write};
use crate::tiny::{IMAGES, IMAGES_GZ, LABELS, LABELS_GZ, catalog, names, put, root, unpacked};

#[test]
fn right_files_are_imported_packed_or_not() {
    let (_folder, root) = root();
    let source = tempfile::tempdir().unwrap();
    let images = source.path().join(format!("{IMAGES}.gz"));
    let labels = source.path().join(LABELS);
    fs::write(&images, IMAGES_GZ).unwrap();
    fs::write(&labels, unpacked(LABELS_GZ)).unwrap();
    // A wrong file of that name is replaced, as the user asked for.
    let directory = put(&root, &[(LABELS, b"wrong")]);
    let catalog = catalog(&[]);
    let imported = import(catalog.get("tiny").unwrap(), &root, &[images, labels]).unwrap();
    assert_eq!(imported, [directory.join(IMAGES), directory.join(LABELS)]);
    assert_eq!(names(&directory), [IMAGES, LABELS]);
    assert_eq!(load("tiny", Split::Train, &root, &catalog).unwrap().len(), 5000);
}

#[test]
fn if_one_file_is_wrong_none_is_imported() {
    let (_folder, root) = root();
    let source = tempfile::tempdir().unwrap();
    let at = |name: &str, bytes: &[u8]| -> PathBuf {
        let path = source.path().join(name);
        fs::write(&path, bytes).unwrap();
        path
    };
    let images = at(IMAGES, &unpacked(IMAGES_GZ));
    let mut wrong = unpacked(LABELS_GZ);
    wrong[100] ^= 1;
    let labels = at(LABELS, &wrong);
    let other = at("photograph.jpg", b"x");
    let catalog = catalog(&[]);
    let entry = catalog.get("tiny").unwrap();
    let error = import(entry, &root, &[images.clone(), labels]).unwrap_err();
    assert!(
        matches!(error, DataError::WrongFile { problem: FileProblem::Checksum { .. }, .. }),
        "{error}"
    );
    let message = import(entry, &root, &[images, other]).unwrap_err().to_string();
    let expected = format!("of the data set `tiny`, expected {IMAGES}, {LABELS} (or with .gz)");
    assert!(message.contains("photograph.jpg") && message.ends_with(&expected), "{message}");
    assert!(names(root.path()).is_empty());
}

#[test]
fn a_tarball_is_unpacked() {
    let (_folder, root) = root();
    let source = tempfile::tempdir().unwrap();
    write(source.path(), &[("small.tar.gz", tarball())]);
    let catalog = small::catalog(&[], &tarball());
    let path = source.path().join("small.tar.gz");
    let imported =
        import(catalog.get("small").unwrap(), &root, std::slice::from_ref(&path)).unwrap();
    assert_eq!(imported.len(), 3);
    small::assert_complete(&root);
    assert!(path.exists());
}
