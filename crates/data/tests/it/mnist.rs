//! All of MNIST, in the folder that EBM_DATA names.

use std::collections::HashMap;

use ebm_data::{Catalog, FileStatus, Split, digits, load, verify};

use crate::tiny::outside_root;

#[test]
#[ignore = "needs EBM_DATA: mnist/"]
fn all_of_mnist() {
    let root = outside_root();
    let catalog = Catalog::embedded().unwrap();
    for (file, status) in verify("mnist", &root, &catalog).unwrap() {
        assert!(matches!(status, FileStatus::Good { .. }), "{file}: {status:?}");
    }
    let train = load("mnist", Split::Train, &root, &catalog).unwrap();
    let test = load("mnist", Split::Test, &root, &catalog).unwrap();
    assert_eq!((train.len(), test.len()), (60_000, 10_000));
    let mut histogram = [0; 10];
    for &label in train.labels() {
        histogram[usize::from(label)] += 1;
    }
    assert_eq!(histogram, [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949]);

    let classes: HashMap<&[u8], u8> =
        (0..train.len()).map(|i| (train.image(i), train.labels()[i])).collect();
    let digits = digits().unwrap();
    for i in 0..digits.len() {
        assert_eq!(classes.get(digits.image(i)), Some(&digits.labels()[i]), "digit {i}");
    }
}
