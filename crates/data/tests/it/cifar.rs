//! Sets of records on disk: right ones load from every layout, wrong ones are named.

use ebm_data::{DataError, FileProblem, FileStatus, LabelError, Split, load, verify};

use crate::small::{RECORD, assert_complete, catalog, files, pack, write};
use crate::tiny::root;

#[test]
fn every_layout_loads() {
    for layout in ["small", "small/inside", "inside"] {
        let (_folder, root) = root();
        write(&root.path().join(layout), &files());
        assert_complete(&root);
    }
}

#[test]
fn the_planes_become_channels() {
    let (_folder, root) = root();
    write(&root.directory("small"), &files());
    let set = load("small", Split::Train, &root, &catalog(&[], b"")).unwrap();
    let batch = set.batch(&[3], &burn::tensor::Device::flex());
    assert_eq!(batch.dims(), [1, 3, 28, 28]);
    let green = batch.narrow(1, 1, 1).into_data().iter::<f32>().collect::<Vec<_>>();
    let digits = ebm_data::digits().unwrap();
    let expected = digits.image(3 * 60 + 1).iter().map(|&pixel| f32::from(pixel) / 127.5 - 1.0);
    assert!(green.into_iter().eq(expected));
}

#[test]
fn files_may_be_packed() {
    let (_folder, root) = root();
    let mut files = files();
    files[1] = ("b.bin.gz", pack(&files[1].1));
    write(&root.directory("small"), &files);
    assert_complete(&root);
}

#[test]
fn a_wrong_label_and_a_wrong_length_are_named() {
    let (_folder, root) = root();
    let mut files = files();
    files[1].1[7 * RECORD] = 10;
    let directory = write(&root.directory("small"), &files);
    let error = load("small", Split::Train, &root, &catalog(&[], b"")).unwrap_err();
    let label = LabelError { index: 7, found: 10, classes: 10 };
    assert_eq!(error.to_string(), format!("{}: {label}", directory.join("b.bin").display()));
    assert_eq!(label.to_string(), "the label of image 7 is 10, expected below 10");
    let status = verify("small", &root, &catalog(&[], b"")).unwrap();
    assert!(matches!(status[1].1, FileStatus::Wrong { .. }), "{status:?}");
    assert!(matches!(status[2].1, FileStatus::Good { .. }), "{status:?}");

    files[1].1.pop();
    write(&root.directory("small"), &files);
    let error = load("small", Split::Train, &root, &catalog(&[], b"")).unwrap_err();
    assert!(
        matches!(error, DataError::WrongFile { problem: FileProblem::Length { .. }, .. }),
        "{error}"
    );
}
