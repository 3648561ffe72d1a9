//! Batches prepared ahead are the batches that are prepared on demand.

use std::sync::Arc;

use burn::tensor::Device;
use ebm_data::{Augment, Batches, DataError, Last, Loader, digits};
use ebm_noise::Key;

fn loader(augment: Augment) -> Loader {
    let images = Arc::new(digits().unwrap());
    let batches = Batches::new(images.len(), 300, Key::new(7)).unwrap().with_last(Last::Short);
    Loader::new(images, batches).augmented(augment, Key::new(8)).unwrap()
}

#[test]
fn the_same_bits_ahead_or_not_and_resumed_anywhere() {
    let augment = Augment { flip: true, crop: 3 };
    let mut on_demand = loader(augment);
    let mut ahead = loader(augment).ahead();
    for iteration in 0..40 {
        assert!(ahead.batch(iteration) == on_demand.batch(iteration), "{iteration}");
    }
    let short = ahead.batch(33);
    assert_eq!((short.shape, short.epoch), ([200, 1, 28, 28], 1));
    // Backwards, forwards, twice the same.
    for iteration in [5, 30, 30, 31, 0, u64::MAX, 2] {
        assert!(ahead.batch(iteration) == on_demand.batch(iteration), "{iteration}");
    }
}

#[test]
fn without_changes_it_is_the_sets_own_batch() {
    let device = Device::flex();
    let batch = loader(Augment::default()).batch(3);
    let images = digits().unwrap();
    let mut batches = Batches::new(images.len(), 300, Key::new(7)).unwrap().with_last(Last::Short);
    let expected = images.batch(&batches.indices(3), &device);
    assert_eq!(batch.clone().into_tensor(&device).into_data(), expected.into_data());
    let flipped = loader(Augment { flip: true, crop: 0 }).batch(3);
    let images = batch.values.chunks(784).zip(flipped.values.chunks(784));
    let reversed = |image: &[f32]| -> Vec<f32> {
        image.chunks(28).flat_map(|row| row.iter().rev().copied()).collect()
    };
    let changed = images.clone().filter(|(image, flipped)| image != flipped).count();
    assert!((110..190).contains(&changed), "{changed}");
    assert!(images.clone().all(|(image, flipped)| image == flipped || reversed(image) == flipped));
}

#[test]
fn a_crop_that_could_miss_the_image_is_refused() {
    let images = Arc::new(digits().unwrap());
    let batches = Batches::new(images.len(), 300, Key::new(7)).unwrap();
    let loader = Loader::new(images, batches);
    let wide = loader.augmented(Augment { flip: false, crop: 28 }, Key::new(1)).unwrap_err();
    assert!(matches!(wide, DataError::Crop { crop: 28, limit: 27 }), "{wide}");
}
