//! The accuracy of the embedded classifiers; on test images, from the folder EBM_DATA.

use std::ops::Range;

use burn::tensor::{Device, Tensor, Tolerance};
use ebm_data::{Catalog, DataRoot, ImageSet, Split, digits, load};
use ebm_metrics::features::{Classifier, FeatureError, FeatureNetwork};
use ebm_metrics::{FeatureSet, kernel_distance};
use ebm_noise::Key;

/// Returns the share of images whose class is the label.
fn accuracy(classifier: &Classifier, images: &ImageSet, indices: &[usize]) -> f64 {
    let classes = classifier.classify(images.batch(indices, &Device::flex())).expect("28 × 28");
    let right = classes.iter().zip(indices).filter(|(class, i)| **class == images.labels()[**i]);
    right.count() as f64 / indices.len() as f64
}

/// Returns the test set `name` in the folder EBM_DATA.
fn test_set(name: &str) -> ImageSet {
    let folder = std::env::var_os("EBM_DATA").expect("EBM_DATA is the folder of data sets");
    let root = DataRoot::resolve(Some(folder.into())).expect("a path");
    load(name, Split::Test, &root, &Catalog::embedded().expect("embedded")).expect(name)
}

/// These images are of the training set: the test detects a wrong layout of weights or pixels, not
/// overfitting.
#[test]
fn embedded_digits() {
    let classifier = Classifier::digits(&Device::flex()).expect("embedded");
    let images = digits().expect("embedded");
    let indices: Vec<usize> = (0..images.len()).step_by(5).collect();
    let accuracy = accuracy(&classifier, &images, &indices);
    assert!(accuracy >= 0.99, "{accuracy}");
}

#[test]
#[ignore = "needs EBM_DATA: mnist/"]
fn digits_of_real_mnist() {
    let classifier = Classifier::digits(&Device::flex()).expect("embedded");
    let images = test_set("mnist");
    let accuracy = accuracy(&classifier, &images, &(0..10_000).collect::<Vec<_>>());
    assert!(accuracy >= 0.993, "{accuracy}");
}

#[test]
#[ignore = "needs EBM_DATA: fashion-mnist/"]
fn clothes_of_real_fashion_mnist() {
    let classifier = Classifier::fashion(&Device::flex()).expect("embedded");
    let images = test_set("fashion-mnist");
    let accuracy = accuracy(&classifier, &images, &(0..10_000).collect::<Vec<_>>());
    assert!(accuracy >= 0.9, "{accuracy}");
}

/// Neither features nor probabilities depend on the split into parts.
#[test]
fn parts_make_no_difference() {
    let classifier = Classifier::digits(&Device::flex()).expect("embedded");
    let images = digits().expect("embedded");
    let indices: Vec<usize> = (0..600).map(|i| 8 * i).collect();
    let batch = images.batch(&indices, &Device::flex());
    let probabilities =
        |images| classifier.probabilities(images).expect("28 × 28").expect("a classifier");
    let all = [classifier.features(batch.clone()).expect("28 × 28"), probabilities(batch.clone())];
    assert_eq!(all[0].dims(), [600, classifier.dim()]);
    assert_eq!(all[1].dims(), [600, 10]);
    let last = batch.narrow(0, 599, 1);
    let alone = [classifier.features(last.clone()).expect("28 × 28"), probabilities(last)];
    for (all, alone) in all.iter().zip(alone) {
        let tolerance = Tolerance::<f32>::rel_abs(1e-4, 1e-5);
        let last = all.clone().narrow(0, 599, 1).into_data();
        last.assert_approx_eq(&alone.into_data(), tolerance);
    }
    let sums = all[1].clone().sum_dim(1) - 1.0;
    assert!(sums.abs().max().into_scalar::<f32>() < 1e-5);
}

/// The distance between two halves of a set is nearly zero; it grows with noise and with lost
/// classes.
#[test]
fn distances_grow_with_noise_and_lost_classes() {
    let device = Device::flex();
    let classifier = Classifier::digits(&device).expect("embedded");
    let images = digits().expect("embedded");
    let half = |first: usize, kept: Range<u8>| {
        let all = (first..images.len()).step_by(4);
        images.batch(
            &all.filter(|&i| kept.contains(&images.labels()[i])).collect::<Vec<_>>(),
            &device,
        )
    };
    let features = |images: Tensor<4>| {
        FeatureSet::from_tensor(classifier.features(images).expect("28 × 28")).expect("finite")
    };
    let reference = features(half(0, 0..10));
    let distance =
        |images: Tensor<4>| kernel_distance(&reference, &features(images)).expect("rows");
    let clean = half(2, 0..10);
    let z = Key::new(1).normal::<4>(clean.dims(), &device);
    let noisy = [0.0, 0.1, 0.2, 0.4].map(|std| distance(clean.clone() + z.clone() * std));
    let fewer = [0, 1, 3, 5].map(|lost| distance(half(2, lost..10)));
    println!("noise {noisy:?}, lost classes {fewer:?}");
    for distances in [noisy, fewer] {
        assert!(distances.is_sorted_by(|a, b| a < b), "{distances:?}");
        // The unbiased estimate fluctuates around 0.
        assert!(distances[0].abs() < 0.05 * distances[3], "{distances:?}");
    }
}

#[test]
fn other_images_are_refused() {
    let classifier = Classifier::digits(&Device::flex()).expect("embedded");
    for shape in [[1, 3, 28, 28], [1, 1, 32, 32], [0, 1, 28, 28]] {
        let images = Tensor::zeros(shape, &Device::flex());
        let error = classifier.features(images).unwrap_err();
        assert!(matches!(error, FeatureError::Images { given, .. } if given == shape), "{error}");
    }
}
