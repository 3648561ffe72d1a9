//! Batches prepared ahead are the batches that are prepared on demand.

use std::sync::Arc;

use burn::tensor::Device;
use ebm_data::{
    Augment, Batches, DataError, ExampleSet, ImageSet, Last, Loader, PairedSet, digits,
};
use ebm_noise::Key;
use ebm_tensor::Condition;

fn loader(augment: Augment) -> Loader {
    let set = Arc::new(ExampleSet::from(digits().unwrap()));
    let batches = Batches::new(set.len(), 300, Key::new(7)).unwrap().with_last(Last::Short);
    Loader::new(set, batches).augmented(augment, Key::new(8)).unwrap()
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
    assert_eq!(batch.clone().into_examples(&device).images.into_data(), expected.into_data());
    let flipped = loader(Augment { flip: true, crop: 0 }).batch(3);
    let images = batch.images.chunks(784).zip(flipped.images.chunks(784));
    let reversed = |image: &[f32]| -> Vec<f32> {
        image.chunks(28).flat_map(|row| row.iter().rev().copied()).collect()
    };
    let changed = images.clone().filter(|(image, flipped)| image != flipped).count();
    assert!((110..190).contains(&changed), "{changed}");
    assert!(images.clone().all(|(image, flipped)| image == flipped || reversed(image) == flipped));
}

#[test]
fn a_crop_that_could_miss_the_image_is_refused() {
    let set = Arc::new(ExampleSet::from(digits().unwrap()));
    let batches = Batches::new(set.len(), 300, Key::new(7)).unwrap();
    let loader = Loader::new(set, batches);
    let wide = loader.augmented(Augment { flip: false, crop: 28 }, Key::new(1)).unwrap_err();
    assert!(matches!(wide, DataError::Crop { crop: 28, limit: 27 }), "{wide}");
}

/// Both images of a pair are changed like one image with the channels of both.
#[test]
fn pairs_are_changed_alike() {
    let (device, augment) = (Device::flex(), Augment { flip: true, crop: 3 });
    let digits = digits().unwrap();
    let set = |range: std::ops::Range<usize>| {
        let pixels = digits.pixels()[784 * range.start..784 * range.end].to_vec();
        ImageSet::new("part", [1, 28, 28], pixels, digits.labels()[range].to_vec()).unwrap()
    };
    let (conditions, images) = (set(3000..3100), set(0..100));
    let stacked = (0..100).flat_map(|i| [images.image(i), conditions.image(i)].concat()).collect();
    let stacked = ImageSet::new("both", [2, 28, 28], stacked, images.labels().to_vec()).unwrap();
    let loader = |set: ExampleSet| {
        let batches = Batches::new(set.len(), 30, Key::new(7)).unwrap();
        Loader::new(Arc::new(set), batches).augmented(augment, Key::new(8)).unwrap()
    };
    let pairs = PairedSet::new(conditions, images).unwrap();
    let (mut pairs, mut stacked) = (loader(pairs.into()), loader(stacked.into()));
    for iteration in [0, 7] {
        let (batch, both) = (pairs.batch(iteration), stacked.batch(iteration));
        assert_eq!((batch.shape, both.shape), ([30, 1, 28, 28], [30, 2, 28, 28]));
        assert_eq!(batch.labels, both.labels);
        let conditions = batch.conditions.as_ref().unwrap();
        let of_pairs = batch.images.chunks(784).zip(conditions.chunks(784));
        let found: Vec<f32> = of_pairs.flat_map(|(x, c)| [x, c].concat()).collect();
        assert!(found == both.images, "{iteration}");
        let examples = batch.clone().into_examples(&device);
        let Some(Condition::Image(condition)) = examples.condition else { panic!("images") };
        assert_eq!(ebm_tensor::values(condition), *conditions);
        assert_eq!(ebm_tensor::values(examples.images), batch.images);
    }
}
