//! Counts, means and standard deviations of real sets, in the folder that EBM_DATA names, against
//! the published ones (<https://docs.pytorch.org/vision> and many programs: of pixels in [0, 1]).

use ebm_data::{Catalog, ImageSet, Split, load};

use crate::tiny::outside_root;

/// The mean and the standard deviation of a channel, of pixels in [0, 1].
fn moments(set: &ImageSet, channel: usize) -> [f64; 2] {
    let [_, height, width] = set.shape();
    let plane = height * width;
    let (mut sum, mut squares) = (0_u64, 0_u64);
    for image in 0..set.len() {
        for &pixel in &set.image(image)[channel * plane..][..plane] {
            sum += u64::from(pixel);
            squares += u64::from(pixel) * u64::from(pixel);
        }
    }
    let count = (set.len() * plane) as f64;
    let mean = sum as f64 / count;
    [mean / 255.0, (squares as f64 / count - mean * mean).sqrt() / 255.0]
}

fn check(name: &str, expected: &[[f64; 2]], tolerance: f64) {
    let set = load(name, Split::Train, &outside_root(), &Catalog::embedded().unwrap()).unwrap();
    for (channel, expected) in expected.iter().enumerate() {
        let found = moments(&set, channel);
        println!("{name}, channel {channel}: {found:.5?}");
        for (found, expected) in found.iter().zip(expected) {
            assert!((found - expected).abs() <= tolerance, "{name}: {found}, expected {expected}");
        }
    }
    let mut counts = [0; 10];
    set.labels().iter().for_each(|&label| counts[usize::from(label)] += 1);
    let expected = match name {
        "mnist" => [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949],
        "svhn" => [4948, 13861, 10585, 8497, 7458, 6882, 5727, 5595, 5045, 4659],
        "fashion-mnist" | "kmnist" => [6000; 10],
        _ => [5000; 10],
    };
    assert_eq!(counts, expected, "{name}");
}

// Tolerances are half of the last published digit.
#[test]
#[ignore = "needs EBM_DATA: mnist/"]
fn of_mnist() {
    check("mnist", &[[0.1307, 0.3081]], 0.000_05);
}

#[test]
#[ignore = "needs EBM_DATA: fashion-mnist/"]
fn of_fashion_mnist() {
    check("fashion-mnist", &[[0.2860, 0.3530]], 0.000_05);
}

#[test]
#[ignore = "needs EBM_DATA: kmnist/"]
fn of_kmnist() {
    check("kmnist", &[[0.1918, 0.3483]], 0.000_05);
}

/// A copy that went through JPEG has other pixels and passes: the catalogue has no checksums of the
/// unpacked files.
#[test]
#[ignore = "needs EBM_DATA: cifar10/"]
fn of_cifar10() {
    check("cifar10", &[[0.4914, 0.2470], [0.4822, 0.2435], [0.4465, 0.2616]], 0.002);
}

#[test]
#[ignore = "needs EBM_DATA: svhn/"]
fn of_svhn() {
    check("svhn", &[[0.4377, 0.1980], [0.4438, 0.2010], [0.4728, 0.1970]], 0.000_1);
}
