//! Folders of pictures, and pairs of them.

use std::fs;
use std::path::{Path, PathBuf};

use ebm_data::{
    Catalog, DataError, DataRoot, FolderProblem, Half, PairedSet, PictureProblem, Selection, Split,
    load, load_folder, load_pairs, open, verify,
};
use ebm_tensor::Condition;
use image::{Rgb, RgbImage};
use tempfile::TempDir;

pub const PNG: &[u8] = include_bytes!("../data/photo.png");
pub const JPEG: &[u8] = include_bytes!("../data/photo.jpg");

/// A folder with these files, which may lie in folders of their own.
pub fn folder(files: &[(&str, &[u8])]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, bytes) in files {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }
    folder
}

/// A PNG of one colour.
pub fn plain(colour: [u8; 3], width: u32, height: u32) -> Vec<u8> {
    png(&RgbImage::from_pixel(width, height, Rgb(colour)))
}

fn png(picture: &RgbImage) -> Vec<u8> {
    let mut bytes = std::io::Cursor::new(Vec::new());
    picture.write_to(&mut bytes, image::ImageFormat::Png).unwrap();
    bytes.into_inner()
}

fn planes(picture: &RgbImage) -> Vec<u8> {
    (0..3).flat_map(|channel| picture.pixels().map(move |pixel| pixel.0[channel])).collect()
}

#[test]
fn scaled_as_pillow_scales() {
    for (name, bytes, expected, tolerance) in [
        ("a.png", PNG, &include_bytes!("../data/photo-png-12.png")[..], 1),
        // Two decoders differ in the last bits of their cosine transforms.
        ("a.JPG", JPEG, include_bytes!("../data/photo-jpg-12.png"), 2),
    ] {
        let folder = folder(&[(name, bytes)]);
        let set = load_folder(folder.path(), [3, 12, 12]).unwrap();
        let expected = planes(&image::load_from_memory(expected).unwrap().into_rgb8());
        let differences = set.pixels().iter().zip(&expected).map(|(a, b)| a.abs_diff(*b));
        assert!(differences.max() <= Some(tolerance), "{name}");
    }
}

#[test]
fn of_its_own_size_every_pixel_is_kept() {
    let folder = folder(&[("a.png", PNG)]);
    let set = load_folder(folder.path(), [3, 30, 40]).unwrap();
    assert_eq!(set.pixels(), planes(&image::load_from_memory(PNG).unwrap().into_rgb8()));
    // The left and right five columns are cropped away.
    let square = load_folder(folder.path(), [3, 30, 30]).unwrap();
    let row = |set: &ebm_data::ImageSet, width: usize| set.image(0)[width..2 * width].to_vec();
    assert_eq!(row(&square, 30), row(&set, 40)[5..35]);
}

#[test]
fn folders_are_classes_in_the_order_of_their_names() {
    let (red, green, blue) =
        (plain([200, 0, 0], 5, 5), plain([0, 200, 0], 7, 4), plain([0, 0, 200], 3, 9));
    let folder = folder(&[
        ("b/2.png", &green),
        ("b/1.jpeg", &blue), // A PNG by content.
        ("a/z.png", &red),
        ("a/notes.txt", b"not a picture"),
        ("a/._z.png", b"what some systems leave"),
        (".hidden/x.png", b""),
    ]);
    let set = load_folder(folder.path(), [3, 2, 2]).unwrap();
    assert_eq!(set.labels(), [0, 1, 1]);
    let colours: Vec<_> = (0..3).map(|i| [0, 4, 8].map(|at| set.image(i)[at])).collect();
    assert_eq!(colours, [[200, 0, 0], [0, 0, 200], [0, 200, 0]]);
    // Luma of Rec. 709: 0.2126, 0.7152, 0.0722.
    let grey = load_folder(folder.path(), [1, 2, 2]).unwrap();
    assert_eq!([0, 1, 2].map(|i| grey.image(i)[0]), [43, 14, 143]);
}

#[test]
fn faults_are_named_with_their_file() {
    let is = |files: &[(&str, &[u8])], matches: fn(&DataError) -> bool, name: &str, part: &str| {
        let folder = folder(files);
        let error = load_folder(folder.path(), [3, 8, 8]).unwrap_err();
        let message = error.to_string();
        assert!(matches(&error), "{message}");
        let path = format!("{}/{name}", folder.path().display());
        assert!(
            message.starts_with(path.trim_end_matches('/')) && message.contains(part),
            "{message}"
        );
    };
    let of = |error: &DataError| matches!(error, DataError::Picture { .. });
    let good = plain([1, 2, 3], 9, 9);
    is(&[("a.png", &good), ("b.png", &PNG[..900])], of, "b.png", "broken or cut short");
    is(&[("a.jpg", &JPEG[..JPEG.len() - 2]), ("b.png", b"")], of, "a.jpg", "without its end");
    is(&[("a.png", b"GIF89a")], of, "a.png", "neither PNG nor JPEG");
    is(&[("a.png", b"")], of, "a.png", "neither PNG nor JPEG");
    is(&[("a.txt", b"")], |e| matches!(e, DataError::Folder { .. }), "", "holds no pictures");
    is(
        &[("a/1.png", &good), ("b/none.txt", b"")],
        |e| matches!(e, DataError::Folder { problem: FolderProblem::Empty, .. }),
        "b",
        "holds no pictures",
    );
    // 60 000 × 60 000 pixels in a header whose checksum is right.
    let mut large = good.clone();
    for at in [16, 20] {
        large[at..at + 4].copy_from_slice(&60_000_u32.to_be_bytes());
    }
    let crc = crc(&large[12..29]);
    large[29..33].copy_from_slice(&crc.to_be_bytes());
    is(&[("a.png", &large)], of, "a.png", "");
    let folder = folder(&[("a.png", &good)]);
    for shape in [[2, 8, 8], [3, 0, 8], [3, 8, 5000]] {
        let error = load_folder(folder.path(), shape).unwrap_err();
        assert!(matches!(error, DataError::PictureShape { .. }), "{error}");
    }
    let missing = load_folder(&folder.path().join("no"), [3, 8, 8]).unwrap_err();
    assert!(matches!(missing, DataError::Io { .. }));
}

fn crc(bytes: &[u8]) -> u32 {
    let mut crc = flate2::Crc::new();
    crc.update(bytes);
    crc.sum()
}

#[test]
fn a_set_that_would_not_fit_is_refused_before_it_is_decoded() {
    let names: Vec<String> = (0..400).map(|i| format!("{i}.png")).collect();
    let files: Vec<(&str, &[u8])> = names.iter().map(|name| (name.as_str(), &b""[..])).collect();
    let folder = folder(&files);
    let error = load_folder(folder.path(), [3, 4096, 4096]).unwrap_err();
    let DataError::Folder { problem: FolderProblem::TooLarge { count, bytes, .. }, .. } = error
    else {
        panic!("{error}")
    };
    assert_eq!((count, bytes), (400, 400 * 3 * 4096 * 4096));
}

#[test]
fn a_thin_picture_has_no_halves() {
    let folder = folder(&[("a.png", &plain([1, 2, 3], 1, 4))]);
    let error = PairedSet::from_halves(folder.path(), Half::Left, [3, 4, 4]).unwrap_err();
    assert!(
        matches!(error, DataError::Picture { problem: PictureProblem::Size { .. }, .. }),
        "{error}"
    );
}

/// Blue and red, side by side.
fn halves(width: u32, height: u32) -> Vec<u8> {
    png(&RgbImage::from_fn(width, height, |x, _| {
        if x < width / 2 { Rgb([0, 0, 255]) } else { Rgb([255, 0, 0]) }
    }))
}

#[test]
fn either_half_is_the_condition() {
    let folder = folder(&[("a.png", &halves(32, 16)), ("b.png", &plain([9, 9, 9], 32, 16))]);
    for (half, condition, image) in
        [(Half::Left, [-1.0, 1.0], [1.0, -1.0]), (Half::Right, [1.0, -1.0], [-1.0, 1.0])]
    {
        let pairs = PairedSet::from_halves(folder.path(), half, [3, 8, 8]).unwrap();
        assert_eq!(pairs.len(), 2);
        let batch = pairs.batch(&[0], &burn::tensor::Device::flex());
        let Some(Condition::Image(conditions)) = batch.condition else { panic!("images") };
        for (tensor, [red, blue]) in [(conditions, condition), (batch.images, image)] {
            assert_eq!(tensor.dims(), [1, 3, 8, 8]);
            let values: Vec<f32> = tensor.into_data().iter::<f32>().collect();
            assert!(values[..64].iter().all(|&value| value == red));
            assert!(values[128..].iter().all(|&value| value == blue));
        }
    }
}

#[test]
fn pictures_of_one_name_are_pairs() {
    let grey = |value: u8| plain([value; 3], 4, 4);
    // In the order of paths, `a.k` comes before `a` here and after it there.
    let edges = folder(&[("a.jpg", &grey(1)), ("a.k.jpg", &grey(2)), ("c.jpg", &grey(3))]);
    let photos = folder(&[("c.png", &grey(13)), ("a.k.png", &grey(12)), ("a.png", &grey(11))]);
    let pairs = PairedSet::from_folders(edges.path(), photos.path(), [1, 2, 2]).unwrap();
    let mut values: Vec<_> =
        (0..3).map(|i| (pairs.conditions().image(i)[0], pairs.images().image(i)[0])).collect();
    values.sort_unstable();
    assert_eq!(values, [(1, 11), (2, 12), (3, 13)]);

    fs::write(photos.path().join("d.png"), grey(0)).unwrap();
    let lonely = PairedSet::from_folders(edges.path(), photos.path(), [1, 2, 2]).unwrap_err();
    assert!(lonely.to_string().contains("d.png has no partner of its own in"), "{lonely}");
    fs::write(edges.path().join("d.png"), grey(0)).unwrap();
    fs::write(edges.path().join("d.jpg"), grey(0)).unwrap();
    let twin = PairedSet::from_folders(edges.path(), photos.path(), [1, 2, 2]).unwrap_err();
    assert!(
        matches!(twin, DataError::Folder { problem: FolderProblem::Alone { .. }, .. }),
        "{twin}"
    );
}

fn catalog(format: &str) -> Catalog {
    Catalog::from_toml(&format!(
        "[few]\ndescription = \"d\"\nformat = \"{format}\"\nshape = [3, 8, 8]\nclasses = 2\nlicence = \"l\"\n\
         citation = \"c\"\nsource = \"https://home.page\"\nlayouts = [\"there\"]\n\
         [few.splits.train]\ncount = 2\nfolder = \"train\"\n[few.splits.test]\ncount = 1\nfolder = \"test\"\n"
    ))
    .unwrap()
}

fn selection(set: &str, split: Option<Split>) -> Selection<'_> {
    Selection { set, split, side: None, channels: None }
}

#[test]
fn a_set_of_the_catalogue_is_brought_by_hand() {
    let picture = halves(20, 10);
    let folder = folder(&[("there/train/1.png", &picture), ("there/train/2.png", &picture)]);
    let root = DataRoot::resolve(Some(folder.path().to_path_buf())).unwrap();
    let catalog = catalog("folder");
    let set = load("few", Split::Train, &root, &catalog).unwrap();
    assert_eq!((set.name(), set.len(), set.shape()), ("few", 2, [3, 8, 8]));

    let missing =
        ebm_data::fetch(catalog.get("few").unwrap(), &root, &Default::default(), &mut |_| {});
    let message = missing.unwrap_err().to_string();
    let place = root.directory("few").join("test").display().to_string();
    for part in ["by hand", "https://home.page", &place] {
        assert!(message.contains(part), "{message}");
    }
    let statuses: Vec<_> = verify("few", &root, &catalog).unwrap();
    assert!(matches!(statuses[0].1, ebm_data::FileStatus::Good { .. }), "{statuses:?}");
    assert!(matches!(statuses[1].1, ebm_data::FileStatus::Missing), "{statuses:?}");

    fs::create_dir_all(folder.path().join("few/test")).unwrap();
    for name in ["1.png", "2.png"] {
        fs::write(folder.path().join("few/test").join(name), &picture).unwrap();
    }
    let message = load("few", Split::Test, &root, &catalog).unwrap_err().to_string();
    assert!(message.contains("the number of pictures is 2, expected 1"), "{message}");
    fs::remove_file(folder.path().join("few/test/2.png")).unwrap();

    // Test where there is one, in the entry's shape; another side and colours if selected.
    let (set, split) = open(&selection("few", None), &root, &catalog).unwrap();
    assert_eq!((set.shape(), split), ([3, 8, 8], Split::Test));
    let wish =
        Selection { side: Some(5), channels: Some(1), ..selection("few", Some(Split::Train)) };
    let (set, split) = open(&wish, &root, &catalog).unwrap();
    assert_eq!((set.shape(), set.len(), split), ([1, 5, 5], 2, Split::Train));

    let pairs = load_pairs("few", Split::Test, Half::Right, &root, &catalog);
    assert!(matches!(pairs, Err(DataError::NotPaired { .. })));
    let catalog = self::catalog("pairs");
    let pairs = load_pairs("few", Split::Test, Half::Right, &root, &catalog).unwrap();
    assert_eq!(pairs.conditions().image(0)[0], 255);
    assert_eq!(pairs.images().image(0)[0], 0);
    let images = load("few", Split::Test, &root, &catalog);
    assert!(matches!(images, Err(DataError::Paired { .. })));
}

#[test]
fn a_path_names_a_folder() {
    let (picture, catalog) = (halves(20, 10), Catalog::embedded().unwrap());
    let root = DataRoot::resolve(Some("does/not/exist".into())).unwrap();
    let folder =
        folder(&[("train/1.png", &picture), ("test/1.png", &picture), ("test/2.png", &picture)]);
    let path = folder.path().to_str().unwrap();
    let open = |set: &str, split, side| {
        open(&Selection { side, ..selection(set, split) }, &root, &catalog)
            .map(|(set, split)| (set.len(), set.shape(), split))
    };
    assert_eq!(open(path, None, Some(8)).unwrap(), (2, [3, 8, 8], Split::Test));
    assert_eq!(open(path, Some(Split::Train), Some(8)).unwrap(), (1, [3, 8, 8], Split::Train));
    let train = format!("{path}/train");
    assert_eq!(open(&train, None, Some(6)).unwrap(), (1, [3, 6, 6], Split::Train));
    let error = |result: Result<_, DataError>| result.unwrap_err().to_string();
    assert!(
        error(open(&train, Some(Split::Test), Some(6))).contains("no test split; it has: train")
    );
    assert!(error(open(path, None, None)).contains("no side of the images was given"));
    let nowhere: PathBuf = Path::new(path).join("no");
    assert!(error(open(nowhere.to_str().unwrap(), None, Some(6))).contains("neither a folder"));
    assert!(error(open("no", None, Some(6))).contains("unknown data set"));
}
