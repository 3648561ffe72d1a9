//! Concurrent fetches, and none: the lock, and `offline`.

use std::fs::File;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use ebm_data::{DataError, FetchOptions, Progress, fetch};

use crate::fetch::options;
use crate::server::{Server, good};
use crate::tiny::{IMAGES, IMAGES_GZ, LABELS, catalog, names, put, root};

#[test]
fn two_at_once_fetch_each_file_once() {
    let server = Server::start(|request, _| {
        thread::sleep(Duration::from_millis(200));
        good(request)
    });
    let (_folder, root) = root();
    let catalog = catalog(std::slice::from_ref(&server.url));
    let entry = catalog.get("tiny").unwrap();
    thread::scope(|scope| {
        let fetcher = || fetch(entry, &root, &options(), &mut |_| {}).unwrap();
        let both = [scope.spawn(fetcher), scope.spawn(fetcher)];
        for thread in both {
            thread.join().unwrap();
        }
    });
    assert_eq!(server.requests().len(), 2);
    assert_eq!(names(&root.directory("tiny")), [format!("{IMAGES}.gz"), format!("{LABELS}.gz")]);
}

#[test]
fn a_fetch_reports_that_it_waits_for_the_lock() {
    let server = Server::start(|request, _| good(request));
    let (_folder, root) = root();
    let other = File::create(root.path().join("tiny.lock")).unwrap();
    other.lock().unwrap();
    let catalog = catalog(std::slice::from_ref(&server.url));
    let (sender, receiver) = mpsc::channel();
    thread::scope(|scope| {
        let (entry, root) = (catalog.get("tiny").unwrap(), &root);
        scope.spawn(move || {
            fetch(entry, root, &options(), &mut |progress| {
                if let Progress::Waiting { lock } = progress {
                    sender.send(lock.to_path_buf()).unwrap();
                }
            })
            .unwrap();
        });
        assert_eq!(receiver.recv().unwrap(), root.path().join("tiny.lock"));
        assert!(server.requests().is_empty());
        other.unlock().unwrap();
    });
    assert_eq!(server.requests().len(), 2);
}

#[test]
fn offline_missing_files_are_named_and_nothing_is_requested_or_written() {
    let server = Server::start(|request, _| good(request));
    let (_folder, root) = root();
    let directory = put(&root, &[(&format!("{IMAGES}.gz"), IMAGES_GZ)]);
    let catalog = catalog(std::slice::from_ref(&server.url));
    let offline = FetchOptions { offline: true, ..options() };
    let error = fetch(catalog.get("tiny").unwrap(), &root, &offline, &mut |_| {}).unwrap_err();
    assert!(matches!(&error, DataError::Offline { files, .. } if files == &[LABELS]));
    let message = error.to_string();
    assert!(message.contains(&format!("{LABELS} is not here")), "{message}");
    assert!(message.contains(&directory.display().to_string()), "{message}");
    assert!(server.requests().is_empty());
    assert_eq!(names(root.path()), ["tiny"]);
}
