//! Images of your own as batches: a folder of pictures, an .npz file, or arrays in memory.
//!
//! `cargo run -p ebm-data --example own_data_set -- [FOLDER | FILE.npz]`

use std::env;
use std::error::Error;
use std::path::Path;
use std::sync::Arc;

use burn::tensor::Device;
use ebm_data::{Augment, Batches, ImageSet, Loader, load_arrays, load_folder};
use ebm_noise::Key;

const SIDE: usize = 32;
const BATCH: usize = 16;

fn main() -> Result<(), Box<dyn Error>> {
    let images = match env::args_os().nth(1) {
        // Pictures of any size are cropped and scaled; each folder in the folder is a class.
        Some(path) if Path::new(&path).is_dir() => load_folder(Path::new(&path), [3, SIDE, SIDE])?,
        // `x_train`, `y_train`, …, or `images` and `labels`.
        Some(path) => load_arrays(Path::new(&path), None)?.0,
        None => squares()?,
    };
    println!("{}: {} images of {:?}", images.name(), images.len(), images.shape());

    let key = Key::new(1);
    let batches = Batches::new(images.len(), BATCH, key.fold(0))?;
    let per_epoch = batches.per_epoch();
    let loader = Loader::new(Arc::new(images.into()), batches);
    let augment = Augment { flip: true, crop: 2 };
    let mut loader = loader.augmented(augment, key.fold(1))?.ahead();
    // Any iteration can be the first one: a resumed run sees the batches of an unbroken one.
    for iteration in 0..2 * per_epoch {
        let batch = loader.batch(iteration);
        let (epoch, labels) = (batch.epoch, batch.labels.clone());
        let images = batch.into_examples(&Device::flex()).images;
        let mean = images.clone().mean().into_scalar::<f32>();
        println!("epoch {epoch}, {:?}, mean {mean:+.3}, classes {labels:?}", images.dims());
    }
    Ok(())
}

/// Creates grey squares, one class for each of four sizes.
fn squares() -> Result<ImageSet, Box<dyn Error>> {
    let (mut pixels, mut labels) = (Vec::new(), Vec::new());
    for number in 0..64 {
        let class = number % 4;
        let (first, last) = (12 - 2 * class, 20 + 2 * class);
        for y in 0..SIDE {
            let inside = |x: usize| (first..last).contains(&x) && (first..last).contains(&y);
            pixels.extend((0..SIDE).map(|x| if inside(x) { 200 } else { 0 }));
        }
        labels.push(u8::try_from(class)?);
    }
    Ok(ImageSet::new("squares", [1, SIDE, SIDE], pixels, labels)?)
}
