//! Sets published as one .tar.gz: from a server, by hand, and from malicious archives.

use std::fs;

use ebm_data::{DataError, DataRoot, FetchOptions, Progress, TarballProblem, fetch};
use proptest::prelude::*;
use tar::EntryType;

use crate::fetch::options;
use crate::server::{Server, good_of, half};
use crate::small::{Member, assert_complete, catalog, files, pack, tar, tarball, write};
use crate::tiny::{names, root};

const NAMES: [&str; 3] = ["a.bin", "b.bin", "t.bin"];

fn offline() -> FetchOptions {
    FetchOptions { offline: true, ..options() }
}

/// Unpacks `archive` as the set's own .tar.gz, put there by hand.
fn unpack(archive: &[u8], root: &DataRoot) -> Result<(), DataError> {
    write(&root.directory("small"), &[("small.tar.gz", archive.to_vec())]);
    fetch(catalog(&[], archive).get("small").unwrap(), root, &offline(), &mut |_| {})
}

#[test]
fn it_is_downloaded_once_resumed_and_leaves_only_the_files() {
    let archive = tarball();
    let served = archive.clone();
    let server = Server::start(move |request, number| match number {
        0 => half(good_of(&served, request)),
        _ => good_of(&served, request),
    });
    let (_folder, root) = root();
    let catalog = catalog(std::slice::from_ref(&server.url), &archive);
    let entry = catalog.get("small").unwrap();
    let mut finished = Vec::new();
    fetch(entry, &root, &options(), &mut |progress| {
        if let Progress::Finished { file, .. } = progress {
            finished.push(file.to_owned());
        }
    })
    .unwrap();
    assert_eq!(finished, NAMES);
    assert_eq!(names(&root.directory("small")), NAMES);
    assert_complete(&root);
    let requests = server.requests();
    assert!(requests.iter().all(|request| request.path == "/tiny/small.tar.gz"));
    let from: Vec<_> = requests.iter().map(|request| request.from).collect();
    assert_eq!(from, [None, Some(archive.len() / 2)]);

    // Whole and present: no byte more is downloaded.
    fetch(entry, &root, &options(), &mut |_| {}).unwrap();
    assert_eq!(server.requests().len(), 2);
}

#[test]
fn put_there_by_hand_it_needs_no_network_and_stays() {
    let (_folder, root) = root();
    unpack(&tarball(), &root).unwrap();
    assert_complete(&root);
    let expected = [&NAMES[..2], &["small.tar.gz"], &NAMES[2..]].concat();
    assert_eq!(names(&root.directory("small")), expected);
}

#[test]
fn another_archive_by_hand_is_named() {
    let (_folder, root) = root();
    let archive = tarball();
    let mut changed = archive.clone();
    changed[archive.len() / 2] ^= 1;
    for (bytes, part) in [(&changed[..], "wrong checksum"), (&archive[1..], "bytes, expected")] {
        let directory = write(&root.directory("small"), &[("small.tar.gz", bytes.to_vec())]);
        let catalog = catalog(&[], &archive);
        let error = fetch(catalog.get("small").unwrap(), &root, &offline(), &mut |_| {});
        let message = error.unwrap_err().to_string();
        assert!(message.contains(part), "{message}");
        assert_eq!(names(&directory), ["small.tar.gz"]);
    }
}

#[test]
fn files_of_the_users_are_kept() {
    let (_folder, root) = root();
    let mut own = files().swap_remove(0);
    own.1[5] ^= 1; // Another image, but a valid one.
    let directory = write(&root.directory("small"), std::slice::from_ref(&own));
    unpack(&tarball(), &root).unwrap();
    assert!(fs::read(directory.join(own.0)).unwrap() == own.1);

    // A wrong one is an error, not replaced.
    fs::write(directory.join("b.bin"), b"mine").unwrap();
    let error = unpack(&tarball(), &root).unwrap_err();
    assert!(matches!(&error, DataError::WrongFile { path, .. } if path.ends_with("b.bin")));
    assert_eq!(fs::read(directory.join("b.bin")).unwrap(), b"mine");
}

#[test]
fn malicious_archives_leave_nothing() {
    let member = |name: &str, kind, bytes: &[u8]| (name.to_owned(), kind, bytes.to_vec());
    let all = files();
    let good = || -> Vec<_> {
        let files = all.iter();
        files.map(|(name, b)| member(&format!("inside/{name}"), EntryType::Regular, b)).collect()
    };
    let with = |change: &dyn Fn(&mut Vec<Member>)| {
        let mut members = good();
        change(&mut members);
        tar(&members)
    };
    let cases: [(&str, Vec<u8>, &str); 8] = [
        (
            "a path upwards",
            with(&|m| m[0].0 = "inside/../inside/a.bin".into()),
            "holds no inside/a.bin",
        ),
        ("an absolute path", with(&|m| m[0].0 = "/inside/a.bin".into()), "holds no inside/a.bin"),
        ("another folder", with(&|m| m[0].0 = "a.bin".into()), "holds no inside/a.bin"),
        ("a link", with(&|m| m[0].1 = EntryType::Symlink), "holds no inside/a.bin"),
        ("another length", with(&|m| m[1].2.truncate(100)), "expected it once, of 47060"),
        ("one twice", with(&|m| m.push(m[1].clone())), "expected it once, of 47060"),
        ("a wrong label", with(&|m| m[2].2[0] = 99), "the label of image 0 is 99"),
        (
            "too much",
            with(&|m| m.insert(0, member("x", EntryType::Regular, &[0; 1 << 21]))),
            "unexpected EOF",
        ),
    ];
    for (case, bytes, part) in cases {
        let (_folder, root) = root();
        let message = unpack(&pack(&bytes), &root).unwrap_err().to_string();
        assert!(message.contains(part), "{case}: {message}");
        assert_eq!(names(&root.directory("small")), ["small.tar.gz"], "{case}");
        assert_eq!(names(root.path()), ["small", "small.lock"], "{case}");
    }
    // Other members are skipped.
    let (_folder, root) = root();
    let bytes = with(&|m| {
        m.insert(0, member("../../escaped", EntryType::Regular, b"x"));
        m.insert(1, member("inside/b.bin", EntryType::Directory, b""));
    });
    unpack(&pack(&bytes), &root).unwrap();
    assert_complete(&root);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    /// A corrupted archive, with a checksum as if it were the published one, is an error that
    /// leaves nothing, or a valid set.
    #[test]
    fn corrupted_archives_never_panic(
        changes in proptest::collection::vec((0.0f64..1.0, any::<u8>()), 0..4),
        header in proptest::option::of((0usize..512, any::<u8>())),
        cut in proptest::option::of(0.0f64..1.0),
        packed: bool,
    ) {
        let plain: Vec<_> = files()
            .into_iter()
            .map(|(name, bytes)| (format!("inside/{name}"), EntryType::Regular, bytes))
            .collect();
        let corrupt = |mut bytes: Vec<u8>| {
            let len = bytes.len() as f64;
            for &(at, value) in &changes {
                bytes[(at * len) as usize] = value;
            }
            bytes.truncate(cut.map_or(bytes.len(), |at| (at * len) as usize));
            bytes
        };
        let mut bytes = tar(&plain);
        if let Some((at, value)) = header {
            bytes[at] = value;
        }
        let archive = if packed { corrupt(pack(&bytes)) } else { pack(&corrupt(bytes)) };
        let (_folder, root) = root();
        let found = names_after(unpack(&archive, &root), &root);
        prop_assert!(found, "{:?}", names(&root.directory("small")));
    }
}

fn names_after(result: Result<(), DataError>, root: &DataRoot) -> bool {
    let names = names(&root.directory("small"));
    match result {
        Ok(()) => names.len() == 4,
        Err(
            DataError::WrongFile { .. }
            | DataError::WrongTarball {
                problem:
                    TarballProblem::Broken { .. }
                    | TarballProblem::Size { .. }
                    | TarballProblem::Absent { .. },
                ..
            },
        ) => names == ["small.tar.gz"],
        Err(other) => panic!("{other}"),
    }
}
