//! The same iteration on every backend that is compiled in: same seed, same initial parameters, same
//! noise; values to a stated tolerance.

#[cfg(any(feature = "ndarray", feature = "wgpu"))]
use burn::tensor::Tolerance;
use burn::tensor::{Device, Tensor, TensorData};
use ebm::data::digits;
use ebm::device::{DeviceName, open};
use ebm::noise::Key;
use ebm::teaching::{Recipe, StepMetrics, Trainer};

/// Everything an iteration computes: the losses, and what both models give after their update.
struct Outcome {
    metrics: StepMetrics,
    decoded: TensorData,
    f: TensorData,
}

/// Small, so that a software GPU compiles few shaders; with noise on, so that noise is compared too.
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
    let mut recipe = Recipe::from_toml(text, "test").expect("valid");
    recipe.chains.shard = None;
    recipe
}

fn outcome(device: &Device) -> Outcome {
    let mut trainer = Trainer::new(recipe(), [1, 28], device).expect("valid");
    let data = digits().expect("embedded").batch(&[0, 1500, 3000, 4500], device);
    let metrics = trainer.step(data.clone(), 0).expect("finite");
    let z = Key::new(5).normal::<2>([4, 8], device);
    Outcome {
        metrics,
        decoded: trainer.vae().decode(z).into_data(),
        f: trainer.energy().negative_energy(data).into_data(),
    }
}

/// `relative` for losses and energies; images are in [−1, 1] and compared to `absolute`. Adam's first step
/// is lr · sign(gradient): a gradient that is zero but for rounding moves by 2·lr between backends.
#[cfg(any(feature = "ndarray", feature = "wgpu"))]
fn compare(name: DeviceName, relative: f64, absolute: f64) {
    let expected = outcome(&open(DeviceName::Cpu).expect("flex is compiled in"));
    let found = outcome(&open(name).expect("the backend is there"));
    let numbers = |m: &StepMetrics| {
        [m.f_data, m.f_samples, m.energy_loss, m.reconstruction, m.vae_loss, m.displacement]
    };
    for (found, expected) in numbers(&found.metrics).iter().zip(numbers(&expected.metrics)) {
        // The energy loss is a difference: its error is relative to what is subtracted.
        let scale = expected.abs().max(0.01);
        assert!((found - expected).abs() < relative * scale, "{name}: {found}, on cpu {expected}");
    }
    let tolerance = Tolerance::<f32>::rel_abs(relative as f32, absolute as f32);
    found.decoded.assert_approx_eq(&expected.decoded, tolerance);
    found.f.assert_approx_eq(&expected.f, tolerance);
}

#[test]
fn the_same_seed_gives_the_same_bits_twice() {
    let device = open(DeviceName::Cpu).expect("flex is compiled in");
    let (one, two) = (outcome(&device), outcome(&device));
    assert_eq!(one.metrics, two.metrics);
    one.decoded.assert_eq(&two.decoded, true);
    one.f.assert_eq(&two.f, true);
}

#[cfg(feature = "ndarray")]
#[test]
fn ndarray_agrees_with_flex() {
    compare(DeviceName::Ndarray, 1e-3, 1e-3);
}

#[cfg(feature = "wgpu")]
#[test]
fn wgpu_agrees_with_flex() {
    compare(DeviceName::Wgpu, 1e-3, 1e-3);
}

/// The tolerance can fail: another seed is not within it.
#[test]
fn another_seed_is_far_off() {
    let device = open(DeviceName::Cpu).expect("flex is compiled in");
    let expected = outcome(&device);
    let mut trainer =
        Trainer::new(Recipe { seed: 1, ..recipe() }, [1, 28], &device).expect("valid");
    let data: Tensor<4> = digits().expect("embedded").batch(&[0, 1500, 3000, 4500], &device);
    let metrics = trainer.step(data, 0).expect("finite");
    let difference = (metrics.f_data - expected.metrics.f_data).abs();
    assert!(difference > 1e-2 * expected.metrics.f_data.abs(), "{difference}");
}
