//! Downloads onto file systems that refuse.

use std::fs;

use ebm_data::{DataError, DataRoot};

use crate::fetch::{fetch_from, options};

#[test]
fn a_folder_that_cannot_be_made_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    fs::write(&file, b"").unwrap();
    let root = DataRoot::resolve(Some(file.clone())).unwrap();
    let error = fetch_from(&["http://127.0.0.1:9"], &root, &options()).unwrap_err();
    assert!(matches!(&error, DataError::Io { path, .. } if path.starts_with(&file)), "{error}");
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_named() {
    use crate::server::{Server, good};
    use crate::tiny::{IMAGES, put, root};
    let server = Server::start(|request, _| good(request));
    let (_folder, root) = root();
    let part = put(&root, &[]).join(format!("{IMAGES}.gz.part"));
    std::os::unix::fs::symlink("/dev/full", &part).unwrap();
    let error = fetch_from(&[&server.url], &root, &options()).unwrap_err();
    assert!(error.to_string().starts_with(&format!("cannot write {}", part.display())), "{error}");
    assert!(error.to_string().contains("No space left"), "{error}");
}
