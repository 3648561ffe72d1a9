//! The catalogue: the embedded one, and ones with contradictions.

use ebm_data::{Catalog, DataError, Format, Published, Split};

use crate::tiny::catalog_text;

#[test]
fn the_embedded_one_describes_mnist() {
    let catalog = Catalog::embedded().unwrap();
    let names: Vec<_> = catalog.entries().map(|entry| entry.name.as_str()).collect();
    assert_eq!(
        names,
        [
            "celeba",
            "cifar10",
            "digits",
            "facades",
            "fashion-mnist",
            "kmnist",
            "mnist",
            "openmoji",
            "paris-streetview",
            "svhn"
        ]
    );
    assert!(matches!(catalog.get("digits").unwrap().format, Format::Embedded(_)));
    let mnist = catalog.get("mnist").unwrap();
    let files: Vec<_> = mnist.files().map(|f| (f.name.as_str(), f.bytes)).collect();
    assert_eq!(
        files,
        [
            ("train-images-idx3-ubyte", 47_040_016),
            ("train-labels-idx1-ubyte", 60_008),
            ("t10k-images-idx3-ubyte", 7_840_016),
            ("t10k-labels-idx1-ubyte", 10_008),
        ]
    );
    assert!(mnist.files().all(|file| matches!(file.published, Published::Gzip(_))));
    assert_eq!(mnist.count(Split::Test).unwrap(), 10_000);
}

#[test]
fn contradictions_are_refused() {
    let text = catalog_text(&[]);
    for (from, to, field) in [
        ("count = 5000", "count = 5001", "bytes"),
        ("count = 5000", "count = 9223372036854775807", "bytes"),
        ("bytes = 5008", "bytes = 9223372036854775807", "bytes"),
        ("shape = [1, 28, 28]", "shape = [3, 28, 28]", "shape"),
        ("shape = [1, 28, 28]", "shape = [1, 0, 28]", "shape"),
        ("classes = 10", "classes = 0", "classes"),
        ("classes = 10", "classes = 10\nlayouts = [\"a/../b\"]", "layouts"),
        ("classes = 10", "classes = 10\nlayouts = [\"//a\"]", "layouts"),
        ("format = \"idx\"", "format = \"records\"", "files"),
        ("format = \"idx\"", "format = \"embedded\"", "mirrors"),
        ("name = \"digits-labels", "name = \"../digits-labels", "a file's name"),
        ("sha256 = \"", "sha256 = \"A", "a sha256"),
        ("[tiny]", "[\"..\"]\nsplits = {}\n[tiny]", ""),
    ] {
        assert!(text.contains(from), "{from}");
        match Catalog::from_toml(&text.replacen(from, to, 1)) {
            Err(
                DataError::CatalogEntry { field: found, .. }
                | DataError::CatalogKey { key: found, .. },
            ) => assert_eq!(found, field, "{to}"),
            Err(DataError::CatalogSyntax(_)) => assert_eq!(field, "", "{to}"),
            other => panic!("{to}: {other:?}"),
        }
    }
    let escaping = text.replace("[tiny", "[\"a/b\"");
    assert!(matches!(
        Catalog::from_toml(&escaping),
        Err(DataError::CatalogEntry { field: "the name", .. })
    ));
}

#[test]
fn the_embedded_one_describes_cifar10() {
    let catalog = Catalog::embedded().unwrap();
    let cifar = catalog.get("cifar10").unwrap();
    assert_eq!((cifar.count(Split::Train).unwrap(), cifar.shape), (50_000, [3, 32, 32]));
    let bytes: Vec<_> = cifar.files().map(|file| file.bytes).collect();
    assert_eq!(bytes, [30_730_000; 6]); // 10 000 records of 3 073 bytes
    assert_eq!(cifar.tarball().unwrap().archive.bytes, 170_052_171);
}

#[test]
fn contradictions_of_records_are_refused() {
    let text = crate::small::catalog_text(&[], b"");
    for (from, to, field) in [
        ("count = 60", "count = 61", "bytes"),
        ("bytes = 94120", "bytes = 94121", "bytes"),
        ("shape = [3, 28, 28]", "shape = [1, 28, 28]", "shape"),
        ("folder = \"inside\"", "folder = \"../inside\"", "the tarball's name"),
        ("name = \"a.bin\"", "name = \"../a.bin\"", "a file's name"),
        ("format = \"records\"", "format = \"idx\"", "tarball"),
    ] {
        assert!(text.contains(from), "{from}");
        match Catalog::from_toml(&text.replacen(from, to, 1)) {
            Err(
                DataError::CatalogEntry { field: found, .. }
                | DataError::CatalogKey { key: found, .. },
            ) => assert_eq!(found, field, "{to}"),
            other => panic!("{to}: {other:?}"),
        }
    }
}

#[test]
fn unknown_and_missing_keys_are_refused() {
    let text = catalog_text(&[]);
    for (from, to) in [
        ("classes = 10", "classes = 10\ncolour = \"grey\""),
        ("count = 5000", "count = 5000\ncoutn = 1"),
        ("archive.bytes", "archive.byte"),
        ("classes = 10\n", ""),
        ("splits.train", "splits.trian"),
    ] {
        assert!(text.contains(from), "{from}");
        let result = Catalog::from_toml(&text.replacen(from, to, 1));
        assert!(matches!(result, Err(DataError::CatalogSyntax(_))), "{to}: {result:?}");
    }
}

/// The copy that is compiled in equals the file in the root of the repository, which packages lack.
#[test]
fn both_files_of_the_catalogue_are_equal() {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../../datasets.toml");
    let Ok(root) = std::fs::read_to_string(root) else { return };
    // A checkout on Windows may have other line ends in one of them.
    let lines = |text: &str| text.lines().map(str::to_owned).collect::<Vec<_>>();
    assert_eq!(lines(&root), lines(include_str!("../../datasets.toml")));
}

/// Catalogues of earlier versions call the format `kind`, and two formats by the sets that have
/// them.
#[test]
fn former_spellings_are_read() {
    let text = catalog_text(&[]);
    let former = text.replace("format = \"idx\"", "kind = \"idx\"");
    assert_ne!(former, text);
    assert_eq!(Catalog::from_toml(&former).unwrap(), Catalog::from_toml(&text).unwrap());
    let text = crate::small::catalog_text(&[], b"");
    let former = text.replace("format = \"records\"", "kind = \"cifar\"");
    assert_ne!(former, text);
    assert_eq!(Catalog::from_toml(&former).unwrap(), Catalog::from_toml(&text).unwrap());
}

#[test]
fn a_key_of_another_format_is_named_with_those_that_fit() {
    let message = |from: &str, to: &str| {
        let text = catalog_text(&[]);
        assert!(text.contains(from), "{from}");
        Catalog::from_toml(&text.replacen(from, to, 1)).unwrap_err().to_string()
    };
    assert_eq!(
        message("format = \"idx\"", "format = \"matlab\""),
        "the catalogue's entry `tiny`: the key files does not fit the format matlab, expected one of count, batches"
    );
    assert_eq!(
        message("count = 5000", "count = 5000\nfolder = \"train\""),
        "the catalogue's entry `tiny`: the key folder does not fit the format idx, expected one of count, files"
    );
    let unknown = message("format = \"idx\"", "format = \"jpeg\"");
    assert!(unknown.contains("jpeg") && unknown.contains("records"), "{unknown}");
    let missing = message("archive.", "# archive.");
    assert!(missing.contains("archive"), "{missing}");
}
