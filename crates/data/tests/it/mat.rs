//! Sets of MATLAB files, as SVHN's cropped digits are published.

use std::fs;
use std::path::Path;

use ebm_data::{
    Catalog, DataError, FetchOptions, FileProblem, ImageSet, MatError, Split, fetch, load,
    load_arrays,
};

use crate::server::{Server, good_of};
use crate::tiny::{root, sha256};

pub const PACKED: &[u8] = include_bytes!("../data/cropped.mat");
pub const PLAIN: &[u8] = include_bytes!("../data/plain.mat");

/// A catalogue with this file as the published one.
pub fn catalog(file: &[u8], mirrors: &[String], count: usize) -> Catalog {
    Catalog::from_toml(&format!(
        "[house]\ndescription = \"d\"\nformat = \"matlab\"\nshape = [3, 32, 32]\nclasses = 10\nlicence = \"l\"\n\
         citation = \"c\"\nsource = \"s\"\nmirrors = {mirrors:?}\n[house.splits.train]\ncount = {count}\n\
         batches = [{{ name = \"t.mat\", bytes = {}, sha256 = \"{}\" }}]\n",
        file.len(),
        sha256(file)
    ))
    .unwrap()
}

fn read(file: &[u8], count: usize) -> Result<ImageSet, MatError> {
    let (folder, root) = root();
    fs::create_dir(folder.path().join("house")).unwrap();
    fs::write(folder.path().join("house/t.mat"), file).unwrap();
    load("house", Split::Train, &root, &catalog(file, &[], count)).map_err(|error| match error {
        DataError::WrongFile { problem: FileProblem::Mat(problem), .. } => problem,
        other => panic!("{other}"),
    })
}

#[test]
fn columns_become_rows_and_ten_becomes_zero() {
    let expected = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/cropped.npz");
    let (expected, _) = load_arrays(&expected, None).unwrap();
    assert_eq!(expected.labels(), [1, 0, 2, 9, 0, 5, 3]);
    for file in [PACKED, PLAIN] {
        let set = read(file, 7).unwrap();
        assert_eq!((set.shape(), set.labels()), ([3, 32, 32], expected.labels()));
        assert!(set.pixels() == expected.pixels());
    }
}

#[test]
fn each_fault_has_its_error() {
    let fault = |file: &[u8], count| read(file, count).unwrap_err();
    assert!(matches!(fault(b"\x89HDF", 7), MatError::Magic));
    assert!(matches!(fault(&PACKED[..128], 7), MatError::Absent { name: "X" }));
    assert!(matches!(fault(&PACKED[..5000], 7), MatError::Broken { .. }));
    let error = fault(PACKED, 8);
    assert_eq!(error.to_string(), "`X` is [32, 32, 3, 7], expected [32, 32, 3, 8]");
    let mut sum = PACKED.to_vec();
    // The last byte of the zlib checksum of `X`, found through the tag of its element.
    let end = 136 + u32::from_le_bytes(PACKED[132..136].try_into().unwrap()) as usize;
    sum[end - 1] ^= 1;
    assert!(matches!(fault(&sum, 7), MatError::Broken { .. }));
    let mut class = PLAIN.to_vec();
    let len = class.len();
    class[len - 8..].copy_from_slice(&11.0_f64.to_le_bytes());
    let error = fault(&class, 7);
    assert_eq!(error.to_string(), "the class of image 6 is 11, expected 1 to 10");
}

#[test]
fn the_published_file_is_not_packed() {
    let server = Server::start(|request, _| good_of(PACKED, request));
    let (_folder, root) = root();
    let catalog = catalog(PACKED, std::slice::from_ref(&server.url), 7);
    fetch(catalog.get("house").unwrap(), &root, &FetchOptions::default(), &mut |_| {}).unwrap();
    assert_eq!(server.requests()[0].path, "/tiny/t.mat");
    assert_eq!(load("house", Split::Train, &root, &catalog).unwrap().len(), 7);
}
