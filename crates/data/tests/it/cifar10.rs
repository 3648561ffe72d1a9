//! All of CIFAR-10, in the folder that EBM_DATA names.

use ebm_data::{Catalog, FileStatus, Split, load, verify};

use crate::tiny::outside_root;

#[test]
#[ignore = "needs EBM_DATA: cifar10/"]
fn all_of_cifar10() {
    let root = outside_root();
    let catalog = Catalog::embedded().unwrap();
    for (file, status) in verify("cifar10", &root, &catalog).unwrap() {
        assert!(matches!(status, FileStatus::Good { .. }), "{file}: {status:?}");
    }
    for (split, per_class) in [(Split::Train, 5000), (Split::Test, 1000)] {
        let set = load("cifar10", split, &root, &catalog).unwrap();
        assert_eq!((set.len(), set.shape()), (10 * per_class, [3, 32, 32]));
        let mut histogram = [0; 10];
        for &label in set.labels() {
            histogram[usize::from(label)] += 1;
        }
        assert_eq!(histogram, [per_class; 10]);
        // Skies: the upper rows of aeroplanes are bluer than they are red, those of frogs are not.
        let blueness = |class: u8| {
            let sum = |image: &[u8], plane: usize| {
                image[plane * 1024..][..32].iter().map(|&pixel| f64::from(pixel)).sum::<f64>()
            };
            let of_class = (0..set.len()).filter(|&i| set.labels()[i] == class);
            of_class.map(|i| sum(set.image(i), 2) - sum(set.image(i), 0)).sum::<f64>()
        };
        assert!(blueness(0) > 0.0 && blueness(6) < 0.0, "{} {}", blueness(0), blueness(6));
    }
}
