//! Downloads from servers that behave and that misbehave.

use std::fs;
use std::net::TcpListener;
use std::time::{Duration, Instant};

use ebm_data::{
    DataError, DataRoot, FetchOptions, Progress, Split, TransferError, digits, fetch, load,
};

use crate::server::{Answer, Server, answer, file, good, half, whole};
use crate::tiny::{IMAGES, IMAGES_GZ, LABELS, LABELS_GZ, catalog, names, put, root, unpacked};

pub fn options() -> FetchOptions {
    FetchOptions {
        connect_timeout: Duration::from_secs(2),
        stall_timeout: Duration::from_millis(400),
        attempts: 2,
        mirrors: None,
        offline: false,
    }
}

pub fn fetch_from(
    mirrors: &[&str],
    root: &DataRoot,
    options: &FetchOptions,
) -> Result<(), DataError> {
    let mirrors: Vec<String> = mirrors.iter().map(|&mirror| mirror.to_owned()).collect();
    fetch(catalog(&mirrors).get("tiny").unwrap(), root, options, &mut |_| {})
}

fn assert_complete(root: &DataRoot) {
    let loaded = load("tiny", Split::Train, root, &catalog(&[])).unwrap();
    let expected = digits().unwrap();
    assert!(loaded.pixels() == expected.pixels() && loaded.labels() == expected.labels());
    let expected = [format!("{IMAGES}.gz"), format!("{LABELS}.gz")];
    assert_eq!(names(&root.directory("tiny")), expected);
}

fn problems(error: DataError) -> Vec<TransferError> {
    match error {
        DataError::Download { failures, .. } => failures.into_iter().map(|f| f.problem).collect(),
        other => panic!("{other}"),
    }
}

#[test]
fn each_file_is_downloaded_once_and_whole() {
    let server = Server::start(|request, _| good(request));
    let (_folder, root) = root();
    let catalog = catalog(std::slice::from_ref(&server.url));
    let entry = catalog.get("tiny").unwrap();
    let mut last = 0;
    fetch(entry, &root, &options(), &mut |progress| {
        if let Progress::Advanced { archive, received, expected } = progress
            && archive.starts_with(IMAGES)
        {
            assert!(received > last && received <= expected, "{last} {received}");
            last = received;
        }
    })
    .unwrap();
    assert_eq!(last, IMAGES_GZ.len() as u64);
    assert_complete(&root);
    assert_eq!(server.requests().len(), 2);

    let mut present = Vec::new();
    fetch(entry, &root, &options(), &mut |progress| match progress {
        Progress::Present { file, .. } => present.push(file.to_owned()),
        other => panic!("{other:?}"),
    })
    .unwrap();
    assert_eq!(present, [IMAGES, LABELS]);
    assert_eq!(server.requests().len(), 2);
}

#[test]
fn unpacked_files_are_not_fetched_again() {
    let (_folder, root) = root();
    put(&root, &[(IMAGES, &unpacked(IMAGES_GZ)), (LABELS, &unpacked(LABELS_GZ))]);
    fetch_from(&[], &root, &options()).unwrap();
}

#[test]
fn a_cut_download_is_resumed() {
    let server = Server::start(|request, number| match number {
        0 => half(good(request)),
        _ => good(request),
    });
    let (_folder, root) = root();
    fetch_from(&[&server.url], &root, &options()).unwrap();
    assert_complete(&root);
    let from: Vec<_> = server.requests().iter().map(|request| request.from).collect();
    let halves = [Some(IMAGES_GZ.len() / 2), Some(LABELS_GZ.len() / 2)];
    assert_eq!(from, [None, halves[0], None, halves[1]]);
}

#[test]
fn a_later_call_resumes_too() {
    let server = Server::start(|request, number| match number {
        0 => half(good(request)),
        _ => good(request),
    });
    let (_folder, root) = root();
    let once = FetchOptions { attempts: 1, ..options() };
    let error = fetch_from(&[&server.url], &root, &once).unwrap_err();
    assert!(matches!(problems(error)[..], [TransferError::Cut { received, .. }]
        if received == IMAGES_GZ.len() as u64 / 2));
    assert_eq!(names(&root.directory("tiny")), [format!("{IMAGES}.gz.part")]);
    fetch_from(&[&server.url], &root, &options()).unwrap();
    assert_complete(&root);
    assert_eq!(server.requests()[1].from, Some(IMAGES_GZ.len() / 2));
}

#[test]
fn without_ranges_a_cut_download_starts_again() {
    let server = Server::start(|request, number| match number {
        0 => half(whole(request)),
        _ => whole(request),
    });
    let (_folder, root) = root();
    fetch_from(&[&server.url], &root, &options()).unwrap();
    assert_complete(&root);
    assert_eq!(server.requests()[1].from, Some(IMAGES_GZ.len() / 2));
}

#[test]
fn a_wrong_beginning_is_discarded() {
    let server = Server::start(|request, _| good(request));
    let (_folder, root) = root();
    put(&root, &[(&format!("{IMAGES}.gz.part"), &[7; 1000])]);
    fetch_from(&[&server.url], &root, &options()).unwrap();
    assert_complete(&root);
    let from: Vec<_> = server.requests().iter().map(|request| request.from).collect();
    assert_eq!(from, [Some(1000), None, None]);
}

#[test]
fn a_wrong_part_of_full_or_greater_length_is_discarded() {
    for extra in [0, 1] {
        let server = Server::start(|request, _| good(request));
        let (_folder, root) = root();
        put(&root, &[(&format!("{IMAGES}.gz.part"), &vec![7; IMAGES_GZ.len() + extra])]);
        fetch_from(&[&server.url], &root, &options()).unwrap();
        assert_complete(&root);
    }
}

#[test]
fn a_range_from_another_byte_is_refused() {
    let server = Server::start(|request, _| {
        let mut answer = good(request);
        answer.head = answer.head.replace("bytes 1000-", "bytes 2000-");
        answer
    });
    let (_folder, root) = root();
    put(&root, &[(&format!("{IMAGES}.gz.part"), &IMAGES_GZ[..1000])]);
    let error = fetch_from(&[&server.url], &root, &options()).unwrap_err();
    assert!(matches!(problems(error)[..], [TransferError::Range { expected: 1000, .. }]));
}

#[test]
fn a_wrong_body_leaves_nothing_behind() {
    let server = Server::start(|request, _| {
        let mut answer = good(request);
        answer.body[100] ^= 1;
        answer
    });
    let (_folder, root) = root();
    let error = fetch_from(&[&server.url], &root, &options()).unwrap_err();
    assert!(matches!(problems(error)[..], [TransferError::Checksum { .. }]));
    assert!(names(&root.directory("tiny")).is_empty());
    assert_eq!(server.requests().len(), 1);
}

#[test]
fn a_silent_server_is_given_up_before_and_within_the_body() {
    let hold = Duration::from_secs(20);
    for early in [true, false] {
        let server = Server::start(move |request, _| match early {
            true => Answer { head: String::new(), body: Vec::new(), hold },
            false => Answer { hold, ..half(good(request)) },
        });
        let (_folder, root) = root();
        let start = Instant::now();
        let error = fetch_from(&[&server.url], &root, &options()).unwrap_err();
        assert!(start.elapsed() < Duration::from_secs(3), "{:?}", start.elapsed());
        assert!(error.to_string().contains("nothing for 0.4 s"), "{error}");
        let problems = problems(error);
        assert!(matches!(
            problems[..],
            [TransferError::Stalled { .. }, TransferError::Stalled { .. }]
        ));
    }
}

#[test]
fn the_second_mirror_stands_in() {
    let first = Server::start(|_, _| answer("404 Not Found", "Content-Length: 0\r\n", b""));
    let second = Server::start(|request, _| good(request));
    let (_folder, root) = root();
    fetch_from(&[&first.url, &second.url], &root, &options()).unwrap();
    assert_complete(&root);
    assert_eq!((first.requests().len(), second.requests().len()), (2, 2));
}

#[test]
fn a_second_mirror_resumes_what_the_first_began() {
    let first = Server::start(|request, _| half(good(request)));
    let second = Server::start(|request, _| good(request));
    let (_folder, root) = root();
    let once = FetchOptions { attempts: 1, ..options() };
    fetch_from(&[&first.url, &second.url], &root, &once).unwrap();
    assert_complete(&root);
    assert_eq!(second.requests()[0].from, Some(IMAGES_GZ.len() / 2));
}

#[test]
fn a_busy_server_gets_a_second_attempt() {
    let server = Server::start(|request, number| match number {
        0 => answer("503 Service Unavailable", "Content-Length: 0\r\n", b""),
        _ => good(request),
    });
    let (_folder, root) = root();
    fetch_from(&[&server.url], &root, &options()).unwrap();
    assert_complete(&root);
}

#[test]
fn more_than_the_announced_length_is_refused() {
    for announced in [true, false] {
        let server = Server::start(move |request, _| {
            let body = [file(request), &[0; 500_000]].concat();
            let length = format!("Content-Length: {}\r\n", body.len());
            answer("200 OK", if announced { &length } else { "" }, &body)
        });
        let (_folder, root) = root();
        let error = fetch_from(&[&server.url], &root, &options()).unwrap_err();
        assert!(matches!(problems(error)[..], [TransferError::Length { found, expected }]
            if found > expected && expected == IMAGES_GZ.len() as u64));
        assert!(names(&root.directory("tiny")).is_empty());
    }
}

#[test]
fn bytes_marked_as_gzip_are_kept_as_they_are() {
    let server = Server::start(|request, _| {
        let mut answer = good(request);
        answer.head = answer.head.replace("\r\n\r\n", "\r\nContent-Encoding: gzip\r\n\r\n");
        answer
    });
    let (_folder, root) = root();
    fetch_from(&[&server.url], &root, &options()).unwrap();
    assert_complete(&root);
}

#[test]
fn unreachable_mirrors_and_the_folder_are_named() {
    // Ports that were free a moment ago.
    let closed = || {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        format!("http://{}", listener.local_addr().unwrap())
    };
    let (first, second) = (closed(), closed());
    let (_folder, root) = root();
    let mirrors = Some(vec![first.clone(), second.clone()]);
    let error = fetch_from(&[], &root, &FetchOptions { mirrors, ..options() }).unwrap_err();
    let message = error.to_string();
    let directory = root.directory("tiny").display().to_string();
    for part in [&first, &second, &format!("{IMAGES}.gz into {directory}")] {
        assert!(message.contains(part.as_str()), "{message}");
    }
    assert!(problems(error).iter().all(|p| matches!(p, TransferError::Connection(_))), "{message}");
}

#[test]
fn a_wrong_archive_is_replaced_a_wrong_unpacked_file_is_not() {
    let server = Server::start(|request, _| good(request));
    let (_folder, root) = root();
    let directory = put(&root, &[(&format!("{IMAGES}.gz"), &IMAGES_GZ[..5000])]);
    fetch_from(&[&server.url], &root, &options()).unwrap();
    assert_complete(&root);

    fs::write(directory.join(IMAGES), b"mine").unwrap();
    let error = fetch_from(&[&server.url], &root, &options()).unwrap_err();
    assert!(matches!(&error, DataError::WrongFile { path, .. } if *path == directory.join(IMAGES)));
    assert_eq!(fs::read(directory.join(IMAGES)).unwrap(), b"mine");
}
