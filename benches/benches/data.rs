//! The loader's images per second, and the cost of loading within a teaching iteration, as lines of
//! JSON. `cargo xtask bench data` alternates it with `scripts/loader_peer.py`, which does the same
//! work.

use std::fs;
use std::hint::black_box;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use anyhow::{Context, Result, ensure};
use clap::Parser;
use ebm::data::{
    Augment, Batches, Catalog, DataRoot, ExampleSet, Loader, Split, digits, load, load_folder,
};
use ebm::device::{DeviceName, open};
use ebm::noise::Key;
use ebm::teaching::{Batch, Recipe, Trainer};
use image::{Rgb, RgbImage};

const BATCH: usize = 100;
/// The number and size of photographs, as in CelebA, and the side of the images made from them.
const PHOTOS: u32 = 1_000;
const PHOTO: [u32; 2] = [178, 218];
const SIDE: usize = 64;
const ITERATIONS: u64 = 20;
/// The number of passes, of which the fastest counts: other load only slows a pass down.
const PASSES: u64 = 5;

#[derive(Parser)]
struct Arguments {
    /// The folder of data sets; without it, the cases that need one are skipped.
    #[arg(long)]
    data: Option<PathBuf>,
    /// A folder for photographs, created if it does not exist.
    #[arg(long)]
    photos: PathBuf,
    /// Passed by cargo.
    #[arg(long, hide = true)]
    bench: bool,
}

fn main() -> Result<()> {
    let arguments = Arguments::parse();
    if let Some(data) = arguments.data {
        batches(DataRoot::resolve(Some(data))?)?;
    }
    photographs(&arguments.photos)?;
    share_of_a_step()
}

/// Returns the seconds of the fastest pass; `pass` takes its index.
fn fastest(mut pass: impl FnMut(u64) -> Result<()>) -> Result<f64> {
    (0..PASSES).try_fold(f64::INFINITY, |least, number| {
        let started = Instant::now();
        pass(number)?;
        Ok(least.min(started.elapsed().as_secs_f64()))
    })
}

fn line(what: &str, unit: &str, value: f64) {
    println!("{}", serde_json::json!({ "what": what, "unit": unit, "value": value }));
}

/// Measures an epoch of MNIST in shuffled batches, as tensors in [−1, 1].
fn batches(root: DataRoot) -> Result<()> {
    let device = open(DeviceName::Cpu)?;
    let started = Instant::now();
    let set = load("mnist", Split::Train, &root, &Catalog::embedded()?)?;
    let set = Arc::new(ExampleSet::from(set));
    line("MNIST from .gz, checked by SHA-256", "s", started.elapsed().as_secs_f64());
    let order = Batches::new(set.len(), BATCH, Key::new(1))?;
    let per_epoch = order.per_epoch();
    let loader = Loader::new(set.clone(), order);
    let rate = |seconds: f64| (per_epoch as usize * BATCH) as f64 / seconds;
    for (what, augment) in [
        ("MNIST in batches of 100", Augment::default()),
        ("MNIST in batches of 100, flipped and cropped", Augment { flip: true, crop: 2 }),
    ] {
        let mut loader = loader.clone().augmented(augment, Key::new(2))?;
        let seconds = fastest(|epoch| {
            for iteration in epoch * per_epoch..(epoch + 1) * per_epoch {
                black_box(loader.batch(iteration).into_examples(&device).images);
            }
            Ok(())
        })?;
        line(what, "images/s", rate(seconds));
    }
    Ok(())
}

/// Measures a folder of JPEG photographs: decoded, cropped and scaled.
fn photographs(folder: &Path) -> Result<()> {
    if !folder.is_dir() {
        make(folder).with_context(|| format!("cannot write {}", folder.display()))?;
    }
    let seconds = fastest(|_| {
        black_box(load_folder(folder, [3, SIDE, SIDE])?);
        Ok(())
    })?;
    line("178 × 218 JPEG files to 64 × 64", "images/s", f64::from(PHOTOS) / seconds);
    Ok(())
}

/// Writes pictures of waves in three colours, each different.
fn make(folder: &Path) -> Result<()> {
    let beside = folder.with_extension("new");
    fs::create_dir_all(&beside)?;
    for number in 0..PHOTOS {
        let wave = |x: u32, y: u32, channel: u32| {
            let (x, y, n) = (f64::from(x), f64::from(y), f64::from(number + 7 * channel));
            let wave = (x / (5.0 + n % 11.0)).sin() + (y / (4.0 + n % 13.0) + x / 40.0).cos();
            (128.0 + 55.0 * wave + 8.0 * (x * 12.9 + y * 78.2 + n).sin()) as u8
        };
        let picture =
            RgbImage::from_fn(PHOTO[0], PHOTO[1], |x, y| Rgb([0, 1, 2].map(|c| wave(x, y, c))));
        picture.save(beside.join(format!("{number:06}.jpg")))?;
    }
    fs::rename(&beside, folder)?;
    Ok(())
}

/// Measures a batch's share of an iteration of the recipe `digits`, prepared on demand or ahead.
fn share_of_a_step() -> Result<()> {
    let device = open(DeviceName::Cpu)?;
    let recipe = Recipe::embedded("digits")?;
    let batch = recipe.data.batch;
    let mut trainer = Trainer::new(recipe, ebm::tensor::ImageShape::new(1, 28), &device)?;
    let set = Arc::new(ExampleSet::from(digits()?));
    let loader = |augment| -> Result<Loader> {
        let order = Batches::new(set.len(), batch, Key::new(1))?;
        Ok(Loader::new(set.clone(), order).augmented(augment, Key::new(2))?)
    };
    let augment = Augment { flip: true, crop: 2 };
    let mut plain = loader(Augment::default())?;
    let mut changed = loader(augment)?;
    let mut ahead = loader(augment)?.ahead();
    let mut loading = [0.0; 3];
    let mut stepping = 0.0;
    for iteration in 0..=ITERATIONS {
        let mut seconds = [0.0; 3];
        let started = Instant::now();
        let coming = ahead.batch(iteration);
        let data = coming.clone().into_examples(&device).images;
        seconds[2] = started.elapsed().as_secs_f64();
        let started = Instant::now();
        black_box(plain.batch(iteration).into_examples(&device).images);
        seconds[0] = started.elapsed().as_secs_f64();
        let started = Instant::now();
        let now = changed.batch(iteration);
        ensure!(now == coming, "a batch prepared ahead differs");
        black_box(now.into_examples(&device).images);
        seconds[1] = started.elapsed().as_secs_f64();
        let started = Instant::now();
        trainer.step(Batch::new(data, 0))?;
        // The first iteration is a warm-up.
        if iteration > 0 {
            stepping += started.elapsed().as_secs_f64();
            loading.iter_mut().zip(seconds).for_each(|(sum, seconds)| *sum += seconds);
        }
    }
    let each = |seconds: f64| seconds / ITERATIONS as f64 * 1e3;
    line("iteration of `digits`", "ms", each(stepping));
    for (what, seconds) in [
        "prepared when asked for",
        "the same, flipped and cropped",
        "flipped and cropped, prepared ahead",
    ]
    .iter()
    .zip(loading)
    {
        line(&format!("its batch, {what}"), "ms", each(seconds));
        line(&format!("its batch, {what}, of the iteration"), "%", 100.0 * seconds / stepping);
    }
    Ok(())
}
