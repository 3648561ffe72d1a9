//! Counts, means and standard deviations of real sets, from the folder EBM_DATA, against the
//! published ones (<https://docs.pytorch.org/vision> and many programs: of pixels in [0, 1]).

use ebm_data::{Catalog, DataRoot, ImageSet, Split, load};

/// Mean and standard deviation of a channel, of pixels in [0, 1].
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

/// Compares a set's statistics, `[mean, standard deviation]` of each channel, with published ones.
fn check(name: &str, expected: &[[f64; 2]], tolerance: f64) {
    let folder = std::env::var_os("EBM_DATA").expect("EBM_DATA is the folder of data sets");
    let root = DataRoot::resolve(Some(folder.into())).unwrap();
    let set = load(name, Split::Train, &root, &Catalog::embedded().unwrap()).unwrap();
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

// Half of the last digit that is published.
#[test]
#[ignore = "needs EBM_DATA: mnist"]
fn statistics_of_real_mnist() {
    check("mnist", &[[0.1307, 0.3081]], 0.000_05);
}

#[test]
#[ignore = "needs EBM_DATA: fashion-mnist"]
fn statistics_of_real_fashion_mnist() {
    check("fashion-mnist", &[[0.2860, 0.3530]], 0.000_05);
}

#[test]
#[ignore = "needs EBM_DATA: kmnist"]
fn statistics_of_real_kmnist() {
    check("kmnist", &[[0.1918, 0.3483]], 0.000_05);
}

/// A copy that went through JPEG has other pixels and passes: the catalogue knows no sums of the unpacked files.
#[test]
#[ignore = "needs EBM_DATA: cifar10"]
fn statistics_of_real_cifar10() {
    check("cifar10", &[[0.4914, 0.2470], [0.4822, 0.2435], [0.4465, 0.2616]], 0.002);
}

#[test]
#[ignore = "needs EBM_DATA: svhn"]
fn statistics_of_real_svhn() {
    check("svhn", &[[0.4377, 0.1980], [0.4438, 0.2010], [0.4728, 0.1970]], 0.000_1);
}
