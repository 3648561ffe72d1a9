//! The times of a Langevin step and of a whole teaching iteration on the CPU, for the networks of
//! the recipes `digits` and `mnist`.

#![allow(missing_docs, reason = "criterion's macros make public functions without docs")]

use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use ebm::data::digits;
use ebm::device::{DeviceName, open};
use ebm::noise::Key;
use ebm::teaching::{Batch, Recipe, SampleRequest, Trainer};

/// The number of chains and the batch size, for both recipes.
const CHAINS: usize = 64;

fn trainer(name: &str) -> Trainer {
    let device = open(DeviceName::Cpu).expect("the CPU backend is compiled in");
    let mut recipe = Recipe::embedded(name).expect("an embedded recipe");
    (recipe.chains.count, recipe.data.batch) = (CHAINS, CHAINS);
    Trainer::new(recipe, ebm::tensor::ImageShape::new(1, 28), &device)
        .expect("an embedded recipe is valid")
}

/// Includes decoding, a small part of ten steps.
fn langevin_steps(c: &mut Criterion) {
    const STEPS: usize = 10;
    let mut group = c.benchmark_group("ten Langevin steps");
    group.sample_size(10).throughput(Throughput::Elements((STEPS * CHAINS) as u64));
    for name in ["digits", "mnist"] {
        let trainer = trainer(name);
        group.bench_function(BenchmarkId::from_parameter(name), |b| {
            b.iter(|| {
                let request = SampleRequest::new(CHAINS, Key::new(1)).steps(STEPS);
                let samples = trainer.sample(request.film_strip(1, 2)).expect("finite");
                black_box(samples.refined.into_data())
            });
        });
    }
    group.finish();
}

fn teaching_iteration(c: &mut Criterion) {
    let images = digits().expect("the embedded digits");
    let mut group = c.benchmark_group("teaching iteration");
    group.sample_size(10);
    let mut trainer = trainer("digits");
    let data = images.batch(&(0..CHAINS).collect::<Vec<_>>(), trainer.device());
    group.bench_function(BenchmarkId::from_parameter("digits"), |b| {
        b.iter(|| trainer.step(Batch::new(data.clone(), 0)).expect("finite"));
    });
    group.finish();
}

criterion_group!(benches, langevin_steps, teaching_iteration);
criterion_main!(benches);
