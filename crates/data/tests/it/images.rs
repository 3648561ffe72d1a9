//! Batches as tensors.

use burn::tensor::Device;
use ebm_data::{DataError, ImageSet, digits};

#[test]
fn batches_hold_the_images_in_the_order_of_the_indices() {
    // Two images of two channels, three rows, one column.
    let pixels = vec![0, 255, 51, 102, 153, 204, 1, 2, 3, 4, 5, 6];
    let set = ImageSet::new("small", [2, 3, 1], pixels, vec![1, 0]).unwrap();
    let batch = set.batch(&[1, 0, 1], &Device::flex());
    assert_eq!(batch.dims(), [3, 2, 3, 1]);
    let values: Vec<f32> = batch.into_data().iter::<f32>().collect();
    let scaled = |pixel: u8| f32::from(pixel) / 127.5 - 1.0;
    let second: Vec<f32> = (1..=6).map(scaled).collect();
    assert_eq!(values[..6], second);
    assert_eq!(values[12..], second);
    assert_eq!(values[6..8], [-1.0, 1.0]);
    for (value, expected) in values[8..12].iter().zip([-0.6_f32, -0.2, 0.2, 0.6]) {
        assert!((value - expected).abs() < 1e-6, "{value} {expected}");
    }
}

#[test]
fn digits_are_five_hundred_of_each_class() {
    let set = digits().unwrap();
    assert_eq!((set.len(), set.shape()), (5000, [1, 28, 28]));
    let expected: Vec<u8> = (0..10).flat_map(|class| [class; 500]).collect();
    assert_eq!(set.labels(), expected);
    let indices: Vec<usize> = (0..set.len()).collect();
    let mean = set.batch(&indices, &Device::flex()).mean().into_scalar::<f32>();
    let bytes = set.pixels().iter().map(|&pixel| f64::from(pixel)).sum::<f64>();
    let exact = bytes / set.pixels().len() as f64 / 127.5 - 1.0;
    assert!((f64::from(mean) - exact).abs() < 1e-4, "{mean} {exact}");
}

#[test]
fn pixels_and_labels_must_fit() {
    let new = |shape, pixels, labels| {
        ImageSet::new("x", shape, vec![0; pixels], vec![0; labels]).map(|set| set.len())
    };
    assert_eq!(new([1, 2, 3], 12, 2).unwrap(), 2);
    assert_eq!(new([1, 2, 3], 0, 0).unwrap(), 0);
    assert!(matches!(new([1, 2, 3], 13, 2), Err(DataError::PixelCount { .. })));
    assert!(matches!(new([1, 2, 3], 12, 3), Err(DataError::CountMismatch { .. })));
    assert!(matches!(new([1, 0, 3], 0, 0), Err(DataError::PixelCount { .. })));
    assert!(matches!(new([usize::MAX, 2, 1], 0, 0), Err(DataError::PixelCount { .. })));
}
