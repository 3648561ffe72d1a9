//! The same iteration on every backend that is compiled in: the same seed, initial parameters and
//! noise, and values that agree to a stated tolerance.

use burn::tensor::{Device, TensorData};
use ebm::data::digits;
use ebm::device::{DeviceName, open};
use ebm::noise::Key;
use ebm::teaching::{Batch, Recipe, StepMetrics, Trainer};
use ebm::tensor::ImageShape;

/// The results of an iteration: the losses, and the values of both models after their update.
struct Outcome {
    metrics: StepMetrics,
    decoded: TensorData,
    f: TensorData,
}

/// Returns a recipe that is small, so that a software GPU compiles few shaders, and that uses
/// noise.
fn recipe() -> Recipe {
    let text = r#"
        extends = "digits"
        [data]
        batch = 4
        [chains]
        count = 4
        steps = 2
        noise = true
        [energy]
        init_std = 0.1
        outputs = 10
        layers = [{ channels = 4, kernel = 5, stride = 2 }, { channels = 8, kernel = 4, stride = 2 }]
        [vae]
        latent = 8
        [vae.encoder]
        dropout = 0.2
        layers = [{ channels = 4, kernel = 4, stride = 2 }]
        [vae.decoder]
        layers = [
            { channels = 8, kernel = 7, stride = 1, size = 7, norm = true },
            { channels = 4, kernel = 4, stride = 2, size = 14, norm = true },
            { channels = 1, kernel = 4, stride = 2, size = 28, norm = false },
        ]
    "#;
    Recipe::from_toml(text, "test").expect("valid")
}

fn outcome(recipe: &Recipe, device: &Device) -> Outcome {
    let mut trainer = Trainer::new(recipe.clone(), ImageShape::new(1, 28), device).expect("valid");
    let data = digits().expect("embedded").batch(&[0, 1500, 3000, 4500], device);
    let metrics = trainer.step(Batch::new(data.clone(), 0)).expect("finite");
    let z = Key::new(5).normal::<2>([4, 8], device);
    Outcome {
        metrics,
        decoded: trainer.vae().expect("a VAE").decode(z, None).into_data(),
        f: trainer.energy().negative_energy(data, None).into_data(),
    }
}

/// The relative tolerance of losses and energies, and the absolute one of images in [−1, 1]. Adam's
/// first step is lr · sign(gradient): a gradient that is zero up to rounding moves by 2·lr between
/// backends.
const TOLERANCE: f64 = 1e-3;

/// Returns the first value that differs by more than the tolerance.
fn difference(found: &Outcome, expected: &Outcome) -> Option<String> {
    let metrics = |m: &StepMetrics| {
        let losses = [m.f_data, m.f_samples, m.energy_loss, m.reconstruction, m.kl, m.vae_loss];
        let losses = losses.map(|loss| loss.expect("the student has both losses"));
        losses.into_iter().chain([m.displacement, m.displacement_squared]).collect::<Vec<_>>()
    };
    let numbers = |data: &TensorData| data.iter::<f64>().collect::<Vec<_>>();
    [
        ("metrics", metrics(&found.metrics), metrics(&expected.metrics), 0.01),
        ("f", numbers(&found.f), numbers(&expected.f), 0.01),
        ("decoded", numbers(&found.decoded), numbers(&expected.decoded), 1.0),
    ]
    .into_iter()
    .flat_map(|(name, found, expected, scale)| {
        let pairs = found.into_iter().zip(expected).enumerate();
        pairs.map(move |(i, (found, expected))| (name, i, found, expected, scale))
    })
    .find(|(_, _, found, expected, scale)| {
        let error = (found - expected).abs();
        error.is_nan() || error > TOLERANCE * expected.abs().max(*scale)
    })
    .map(|(name, i, found, expected, _)| format!("{name}[{i}] is {found}, on cpu {expected}"))
}

#[cfg(any(feature = "ndarray", feature = "wgpu"))]
fn compare(name: DeviceName) {
    let expected = outcome(&recipe(), &open(DeviceName::Cpu).expect("flex is compiled in"));
    let found = outcome(&recipe(), &open(name).expect("the backend is there"));
    assert_eq!(difference(&found, &expected), None, "on {name}");
}

#[test]
fn the_same_seed_gives_the_same_bits_twice() {
    let device = open(DeviceName::Cpu).expect("flex is compiled in");
    let (one, two) = (outcome(&recipe(), &device), outcome(&recipe(), &device));
    assert_eq!(one.metrics, two.metrics);
    one.decoded.assert_eq(&two.decoded, true);
    one.f.assert_eq(&two.f, true);
}

#[cfg(feature = "ndarray")]
#[test]
fn ndarray_agrees_with_flex() {
    compare(DeviceName::Ndarray);
}

#[cfg(feature = "wgpu")]
#[test]
fn wgpu_agrees_with_flex() {
    compare(DeviceName::Wgpu);
}

/// The comparison can fail: with another seed, or with another step size.
#[test]
fn another_computation_is_out_of_tolerance() {
    let device = open(DeviceName::Cpu).expect("flex is compiled in");
    let expected = outcome(&recipe(), &device);
    let other_seed = Recipe { seed: 1, ..recipe() };
    assert!(difference(&outcome(&other_seed, &device), &expected).is_some());
    let mut other_step = recipe();
    other_step.chains.step_size *= 1.01;
    assert!(difference(&outcome(&other_step, &device), &expected).is_some());
}
