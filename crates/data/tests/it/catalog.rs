//! The catalogue: the embedded one and ones that contradict themselves.

use ebm_data::{Catalog, DataError, Kind, Split};

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
    assert_eq!(catalog.get("digits").unwrap().kind, Kind::Embedded);
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
    assert_eq!(mnist.split(Split::Test).unwrap().count, 10_000);
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
        ("kind = \"idx\"", "kind = \"cifar\"", "shape"),
        ("kind = \"idx\"", "kind = \"embedded\"", "files"),
        ("name = \"digits-labels", "name = \"../digits-labels", "a file's name"),
        ("sha256 = \"", "sha256 = \"A", "a sha256"),
        ("[tiny]", "[\"..\"]\nsplits = {}\n[tiny]", ""),
    ] {
        assert!(text.contains(from), "{from}");
        match Catalog::from_toml(&text.replacen(from, to, 1)) {
            Err(DataError::CatalogEntry { field: found, .. }) => assert_eq!(found, field, "{to}"),
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
    assert_eq!((cifar.kind, cifar.shape), (Kind::Cifar, [3, 32, 32]));
    let bytes: Vec<_> = cifar.files().map(|file| file.bytes).collect();
    assert_eq!(bytes, [30_730_000; 6]); // 10 000 records of 3 073 bytes
    assert_eq!(cifar.tarball.as_ref().unwrap().archive.bytes, 170_052_171);
}

#[test]
fn contradictions_of_cifars_kind_are_refused() {
    let text = crate::small::catalog_text(&[], b"");
    for (from, to, field) in [
        ("count = 60", "count = 61", "bytes"),
        ("bytes = 94120", "bytes = 94121", "bytes"),
        ("shape = [3, 28, 28]", "shape = [1, 28, 28]", "shape"),
        ("folder = \"inside\"", "folder = \"../inside\"", "the tarball's name"),
        ("name = \"a.bin\"", "name = \"../a.bin\"", "a file's name"),
        ("kind = \"cifar\"", "kind = \"idx\"", "shape"),
    ] {
        assert!(text.contains(from), "{from}");
        match Catalog::from_toml(&text.replacen(from, to, 1)) {
            Err(DataError::CatalogEntry { field: found, .. }) => assert_eq!(found, field, "{to}"),
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
