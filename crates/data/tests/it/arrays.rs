//! NumPy's files, by name and by path, and Keras's cache.

use std::fs;
use std::path::Path;

use ebm_data::{
    Catalog, DataError, DataRoot, ImageSet, Selection, Split, digits, load, load_arrays, open,
    verify,
};
use ebm_testing::npy;

use crate::tiny::{IMAGES_GZ, LABELS_GZ, root, sha256, unpacked};

fn fixture(name: &str) -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(name)
}

fn read(name: &str) -> ImageSet {
    let (set, split) = load_arrays(&fixture(name), None).unwrap();
    assert_eq!(split, Split::Train);
    set
}

#[test]
fn channels_first_and_last_are_the_same_images() {
    let (first, last, floats) = (read("nchw.npz"), read("nhwc.npz"), read("float.npy"));
    assert_eq!((first.len(), first.shape()), (5, [3, 6, 4]));
    assert_eq!(first.labels(), [3, 1, 4, 1, 5]);
    assert_eq!(last.shape(), first.shape());
    assert_eq!((last.pixels(), last.labels()), (first.pixels(), first.labels()));
    // Rounded to one of 256 values and back; an .npy has no labels.
    assert_eq!((floats.pixels(), floats.labels()), (first.pixels(), &[0; 5][..]));
}

fn checked(bytes: &[u8]) -> Result<ImageSet, String> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.npy");
    fs::write(&path, bytes).unwrap();
    load_arrays(&path, None).map(|(set, _)| set).map_err(|error| {
        let message = error.to_string();
        assert!(message.starts_with(&path.display().to_string()), "{message}");
        message
    })
}

#[test]
fn each_fault_of_an_array_has_its_error() {
    let grey = npy("|u1", "False", "(2, 2, 1)", &[1, 2, 3, 4]);
    assert_eq!(checked(&grey).unwrap().shape(), [1, 2, 1]);
    let floats = |value: f32| npy("<f4", "False", "(1, 1, 1)", &value.to_le_bytes());
    assert_eq!(checked(&floats(-1.0)).unwrap().pixels(), [0]);
    for (bytes, part) in [
        (b"PK\x03\x04........".to_vec(), "does not begin as an .npy"),
        (grey[..30].to_vec(), "broken or cut short"),
        (grey[..grey.len() - 1].to_vec(), "has 3 bytes of elements, expected 4"),
        ([&grey[..], b"x"].concat(), "has 5 bytes of elements, expected 4"),
        (npy(">u2", "False", "(1, 1, 1)", &[0; 2]), "elements of type \">u2\""),
        (npy("|u1", "True", "(2, 2, 1)", &[1, 2, 3, 4]), "Fortran"),
        (npy("|u1", "False", "(2, 2)", &[1, 2, 3, 4]), "is [2, 2], expected"),
        (npy("|u1", "False", "(1, 3, 1, 3)", &[0; 9]), "not both"),
        (npy("|u1", "False", "(1, 2, 1, 2)", &[0; 4]), "not both"),
        (npy("|u1", "False", "(0, 0, 5)", &[]), "is [0, 0, 5]"),
        (npy("|u1", "False", "(99999999999, 99999999999, 99)", &[]), "at most 1073741824 bytes"),
        (npy("<i4", "False", "(1, 1, 1)", &[0; 4]), "type <i4, expected |u1"),
        (npy("|u1", "False", "(1, -1, 1)", &[0]), "a header that cannot be read"),
        (npy("|u1", "Maybe", "(1, 1, 1)", &[0]), "a header that cannot be read"),
        (floats(1.5), "has 1.5 at element 0"),
        (floats(f32::NAN), "has NaN at element 0"),
    ] {
        let message = checked(&bytes).unwrap_err();
        assert!(message.contains(part), "{message}: {part}");
    }
}

#[test]
fn each_fault_of_an_archive_has_its_error() {
    let good = fs::read(fixture("nchw.npz")).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.npz");
    let message = |bytes: &[u8]| {
        fs::write(&path, bytes).unwrap();
        load_arrays(&path, None).unwrap_err().to_string()
    };
    assert!(message(&good[..good.len() - 1]).contains("no directory at its end"));
    let mut flipped = good.clone();
    flipped[300] ^= 1; // In the pixels, stored as they are.
    assert!(
        message(&flipped).contains("the array `images` cannot be read"),
        "{}",
        message(&flipped)
    );
    assert!(message(&flipped).contains("a wrong checksum"));
    let renamed = String::from_utf8_lossy(&good).contains("images.npy");
    assert!(renamed);
    let at =
        |needle: &[u8]| good.windows(needle.len()).rposition(|window| window == needle).unwrap();
    let mut renamed = good.clone();
    renamed[at(b"images.npy")] = b'j';
    assert!(message(&renamed).contains("the array `images` is not there"));
    let mut unlabelled = good.clone();
    unlabelled[at(b"labels.npy")] = b'j';
    fs::write(&path, unlabelled).unwrap();
    assert_eq!(load_arrays(&path, None).unwrap().0.labels(), [0; 5]);
}

#[test]
fn a_path_names_a_file_of_arrays() {
    let (root, catalog) =
        (DataRoot::resolve(Some("no".into())).unwrap(), Catalog::embedded().unwrap());
    let open = |name: &str, split| {
        let path = fixture(name);
        let set = path.to_str().unwrap();
        open(&Selection { set, split, side: None, channels: None }, &root, &catalog)
            .map(|(set, split)| (set.len(), split))
    };
    assert_eq!(open("keras.npz", None).unwrap(), (10, Split::Test));
    assert_eq!(open("keras.npz", Some(Split::Train)).unwrap(), (40, Split::Train));
    assert_eq!(open("float.npy", None).unwrap(), (5, Split::Train));
    assert!(matches!(open("float.npy", Some(Split::Test)), Err(DataError::NoSplit { .. })));
    assert!(matches!(open("nhwc.npz", Some(Split::Test)), Err(DataError::NoSplit { .. })));
}

/// Every hundredth digit, as Keras would cache them.
fn keras_catalog() -> Catalog {
    let (images, labels) = (unpacked(IMAGES_GZ), unpacked(LABELS_GZ));
    let file = |name: &str, header: &[u8], data: Vec<u8>| {
        let bytes = [header, &data].concat();
        format!(
            "name = \"{name}\"\nbytes = {}\nsha256 = \"{}\"\narchive.bytes = 1\narchive.sha256 = \"{}\"\n",
            bytes.len(),
            sha256(&bytes),
            "0".repeat(64)
        )
    };
    let split = |name: &str, range: std::ops::Range<usize>| {
        let count = [(range.len() as u32).to_be_bytes()].concat();
        let pixels =
            range.clone().flat_map(|i| images[16 + 78_400 * i..][..784].to_vec()).collect();
        let classes = range.clone().map(|i| labels[8 + 100 * i]).collect();
        let head = [&[0, 0, 8, 3], &count[..], &[0, 0, 0, 28, 0, 0, 0, 28]].concat();
        format!(
            "[few.splits.{name}]\ncount = {}\n[few.splits.{name}.files.images]\n{}[few.splits.{name}.files.labels]\n{}",
            range.len(),
            file(&format!("{name}-images"), &head, pixels),
            file(&format!("{name}-labels"), &[&[0, 0, 8, 1], &count[..]].concat(), classes)
        )
    };
    Catalog::from_toml(&format!(
        "[few]\ndescription = \"d\"\nformat = \"idx\"\nshape = [1, 28, 28]\nclasses = 10\nlicence = \"l\"\n\
         citation = \"c\"\nsource = \"s\"\nnpz = \"cache/mnist.npz\"\n{}{}",
        split("train", 0..40),
        split("test", 40..50)
    ))
    .unwrap()
}

#[test]
fn keras_cache_stands_in_for_the_files() {
    let (folder, root) = root();
    let catalog = keras_catalog();
    assert!(matches!(
        load("few", Split::Train, &root, &catalog),
        Err(DataError::MissingFile { .. })
    ));
    fs::create_dir(folder.path().join("cache")).unwrap();
    let path = folder.path().join("cache/mnist.npz");
    fs::copy(fixture("keras.npz"), &path).unwrap();
    let digits = digits().unwrap();
    for (split, range) in [(Split::Train, 0..40), (Split::Test, 40..50)] {
        let set = load("few", split, &root, &catalog).unwrap();
        assert_eq!(set.len(), range.len());
        for (i, digit) in range.enumerate() {
            assert!(set.image(i) == digits.image(100 * digit));
            assert_eq!(set.labels()[i], digits.labels()[100 * digit]);
        }
    }
    let statuses = verify("few", &root, &catalog).unwrap();
    assert_eq!(statuses.len(), 4);
    assert!(statuses.iter().all(|(_, status)| matches!(status, ebm_data::FileStatus::Good { .. })));
    // Other arrays under the same names are refused.
    fs::copy(fixture("nchw.npz"), &path).unwrap();
    let message = load("few", Split::Train, &root, &catalog).unwrap_err().to_string();
    assert!(message.contains("the array `x_train` is not there"), "{message}");
}
