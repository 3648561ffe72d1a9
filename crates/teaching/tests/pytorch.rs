//! Iteration 0 of the released MNIST settings against PyTorch.
//!
//! `scripts/mnist_iteration_0.py` computes it in double precision and shares formulas with this
//! crate, not code. Its numbers, a few of everything, lie in `data/mnist_iteration_0.json`; nothing
//! here computes an expected value.

use std::collections::BTreeMap;

use burn::module::{Module, ModuleVisitor, Param};
use burn::tensor::{Device, Tensor, TensorData};
use ebm_networks::ConvEnergyConfig;
use ebm_noise::{Key, streams};
use ebm_teaching::{Batch, Recipe, SampleRequest, Trainer};
use ebm_tensor::ImageShape;
use ebm_vae::Vae;
use serde::Deserialize;

/// The tolerance of ‖given − expected‖ / ‖expected‖ in all comparisons.
const TOLERANCE: f64 = 1e-4;

/// The numbers by the name of their quantity.
type Numbers = BTreeMap<String, Vec<f64>>;

#[derive(Deserialize)]
struct Case {
    settings: Settings,
    quantities: Numbers,
    parameters: Models<Vec<Parameter>>,
}

/// The changes of a case to the recipe `mnist`.
#[derive(Deserialize)]
struct Settings {
    energy_init_std: f64,
    vae_init_std: f64,
    slope: f64,
    decoder_slope: f64,
    energy_learning_rate: f64,
    vae_learning_rate: f64,
    epsilon: f32,
}

#[derive(Deserialize)]
struct Models<T> {
    energy: T,
    vae: T,
}

/// A parameter before and after its update. Each list ends in mean and root mean square of the
/// whole tensor; `after` and `update`, what was added, begin with the entries `at`.
#[derive(Deserialize)]
struct Parameter {
    name: String,
    shape: Vec<usize>,
    before: Vec<f64>,
    #[serde(default)]
    at: Vec<usize>,
    #[serde(default)]
    after: Vec<f64>,
    #[serde(default)]
    update: Vec<f64>,
}

fn case(name: &str) -> Case {
    let text = include_str!("data/mnist_iteration_0.json");
    let mut cases: BTreeMap<String, Case> = serde_json::from_str(text).expect("valid");
    cases.remove(name).expect("a case of the fixture")
}

impl Settings {
    fn recipe(&self) -> Recipe {
        let mut recipe = Recipe::embedded("mnist").expect("embedded");
        let energy = ConvEnergyConfig::mnist();
        recipe.energy =
            ConvEnergyConfig { init_std: self.energy_init_std, slope: self.slope, ..energy }.into();
        recipe.vae.init_std = self.vae_init_std;
        recipe.vae.encoder.slope = self.slope;
        recipe.vae.decoder.slope = self.decoder_slope;
        recipe.optimiser.energy_learning_rate = self.energy_learning_rate;
        recipe.optimiser.vae_learning_rate = self.vae_learning_rate;
        recipe.optimiser.epsilon = self.epsilon;
        recipe
    }
}

/// Returns bright waves of another direction and phase in each image: 2·cos⁸(0.35·(i·cos n + j·sin
/// n) + n) − 1.
fn waves(batch: usize) -> Tensor<4> {
    let mut values = Vec::with_capacity(batch * 28 * 28);
    for image in 0..batch {
        let n = image as f64;
        for pixel in 0..28 * 28 {
            let (i, j) = ((pixel / 28) as f64, (pixel % 28) as f64);
            let wave = (0.35 * (i * n.cos() + j * n.sin()) + n).cos();
            values.push((2.0 * wave.powi(8) - 1.0) as f32);
        }
    }
    Tensor::from_data(TensorData::new(values, [batch, 1, 28, 28]), &Device::flex())
}

/// The shapes and values of a module's parameters, in the order of their declaration.
#[derive(Default)]
struct Weights(Vec<(Vec<usize>, Vec<f64>)>);

impl ModuleVisitor for Weights {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        self.0.push((param.dims().to_vec(), values(param.val())));
    }
}

fn weights(module: &impl Module) -> Weights {
    let mut weights = Weights::default();
    module.visit(&mut weights);
    weights
}

fn values<const D: usize>(tensor: Tensor<D>) -> Vec<f64> {
    tensor.into_data().iter::<f64>().collect()
}

fn mean_and_rms(values: &[f64]) -> [f64; 2] {
    let mean = |f: fn(f64) -> f64| values.iter().map(|&v| f(v)).sum::<f64>() / values.len() as f64;
    [mean(|v| v), mean(|v| v * v).sqrt()]
}

/// Returns the entries `at`, then mean and root mean square of all.
fn summary(values: &[f64], at: impl Iterator<Item = usize>) -> Vec<f64> {
    at.map(|i| values[i]).chain(mean_and_rms(values)).collect()
}

/// Pixels 7919·k mod their number.
fn of_images(images: Tensor<4>) -> Vec<f64> {
    let values = values(images);
    summary(&values, (0..200).map(|k| 7919 * k % values.len()))
}

/// The results of iteration 0.
struct Iteration {
    quantities: Numbers,
    before: Models<Weights>,
    after: Models<Weights>,
}

fn vae(trainer: &Trainer) -> &Vae {
    trainer.vae().expect("the student has one")
}

fn iteration(recipe: Recipe) -> Iteration {
    let (count, steps) = (recipe.chains.count, recipe.chains.steps);
    let key = Key::new(recipe.seed).fold(streams::run::TRAINING).fold(0);
    let data = waves(recipe.data.batch);
    let device = Device::flex();
    let mut trainer =
        Trainer::new(recipe, ImageShape::new(1, 28), &device).expect("the recipe is valid");
    let all_weights = |trainer: &Trainer| Models {
        energy: weights(trainer.energy()),
        vae: weights(vae(trainer)),
    };
    let f = |trainer: &Trainer, x: &Tensor<4>| {
        values(trainer.energy().valid().negative_energy(x.clone(), None).narrow(0, 0, 50))
    };

    // The chains of `step`, which has the same key.
    let chains = trainer.sample(SampleRequest::new(count, key).steps(steps)).expect("finite");
    let (start, samples) = (chains.start, chains.refined);
    let mut lists = vec![("f_data", f(&trainer, &data)), ("f_samples", f(&trainer, &samples))];
    let before = all_weights(&trainer);
    let metrics = trainer.step(Batch::new(data.clone(), 0)).expect("finite");
    let z = key.fold(streams::iteration::PROPOSAL).normal([count, 100], &device);
    lists.extend([
        ("data", of_images(data.clone())),
        ("start", of_images(start.clone())),
        ("samples", of_images(samples.clone())),
        ("moved", of_images(samples.clone() - start)),
        ("f_data_after", f(&trainer, &data)),
        ("f_samples_after", f(&trainer, &samples)),
        ("start_after", of_images(vae(&trainer).valid().decode(z, None))),
    ]);
    let scalars = [
        ("mean_f_data", metrics.f_data.expect("both models learn")),
        ("mean_f_samples", metrics.f_samples.expect("both models learn")),
        ("energy_loss", metrics.energy_loss.expect("both models learn")),
        ("reconstruction", metrics.reconstruction.expect("both models learn")),
        ("kl", metrics.kl.expect("both models learn")),
        ("vae_loss", metrics.vae_loss.expect("both models learn")),
        ("displacement", metrics.displacement),
        ("displacement_squared", metrics.displacement_squared),
    ];
    lists.extend(scalars.map(|(name, value)| (name, vec![value])));
    let quantities = lists.into_iter().map(|(name, list)| (name.into(), list)).collect();
    Iteration { quantities, before, after: all_weights(&trainer) }
}

/// Returns ‖given − expected‖ / ‖expected‖, or of a norm of at least `floor`.
fn distance(given: &[f64], expected: &[f64], floor: f64) -> f64 {
    assert_eq!(given.len(), expected.len());
    let norm = |values: &mut dyn Iterator<Item = f64>| values.map(|v| v * v).sum::<f64>().sqrt();
    let difference = norm(&mut given.iter().zip(expected).map(|(a, b)| a - b));
    if difference == 0.0 {
        0.0
    } else {
        difference / norm(&mut expected.iter().copied()).max(floor)
    }
}

/// Returns the distance of everything that a case has numbers of.
fn distances(case: &Case, given: &Iteration) -> BTreeMap<String, f64> {
    let mut distances = BTreeMap::new();
    assert!(given.quantities.keys().eq(case.quantities.keys()));
    for (name, expected) in &case.quantities {
        // 100 terms of about 1 − 1: single precision cannot tell KL from 0 below 10⁻⁵ nats.
        let floor = if name == "kl" { 1e-5 / TOLERANCE } else { 0.0 };
        distances.insert(name.clone(), distance(&given.quantities[name], expected, floor));
    }
    for (expected, before, after) in [
        (&case.parameters.energy, &given.before.energy, &given.after.energy),
        (&case.parameters.vae, &given.before.vae, &given.after.vae),
    ] {
        assert_eq!(before.0.len(), expected.len());
        for (expected, (before, after)) in expected.iter().zip(before.0.iter().zip(&after.0)) {
            let (name, at) = (&expected.name, || expected.at.iter().copied());
            assert_eq!(before.0, expected.shape, "{name}");
            let mut insert = |what: &str, given: &[f64], expected: &[f64]| {
                distances.insert(format!("{name}, {what}"), distance(given, expected, 0.0));
            };
            insert("before", &mean_and_rms(&before.1), &expected.before);
            if !expected.after.is_empty() {
                let update: Vec<f64> = after.1.iter().zip(&before.1).map(|(a, b)| a - b).collect();
                insert("after", &summary(&after.1, at()), &expected.after);
                insert("update", &summary(&update, at()), &expected.update);
            }
        }
    }
    distances
}

/// Returns the distances beyond the tolerance, which is `biases` for the biases of the energy's
/// convolutions.
fn far(mut distances: BTreeMap<String, f64>, biases: f64) -> BTreeMap<String, f64> {
    let is_bias = |name: &str| name.starts_with("energy convolution") && name.contains("bias");
    let tolerance = |name: &str| if is_bias(name) { biases } else { TOLERANCE };
    for (name, distance) in &distances {
        println!("{name:45} {distance:.1e}");
    }
    distances.retain(|name, distance| distance.is_nan() || *distance > tolerance(name));
    distances
}

#[test]
fn the_released_settings_agree_with_pytorch() {
    let case = case("released");
    assert_eq!(case.settings.recipe(), Recipe::embedded("mnist").expect("embedded"));
    let far = far(distances(&case, &iteration(case.settings.recipe())), TOLERANCE);
    assert!(far.is_empty(), "{far:#?}");
}

/// The gradient of a bias is the remainder of two means that are equal but for the signs of
/// activations, which a slope near 1 makes small beside their rounding: PyTorch's single precision
/// is 4·10⁻⁴ from its double precision.
const BIASES: f64 = 5e-3;

#[test]
fn wide_weights_agree_with_pytorch() {
    let case = case("wide");
    let far = far(distances(&case, &iteration(case.settings.recipe())), BIASES);
    assert!(far.is_empty(), "{far:#?}");
}

/// The comparison can fail: with 49 Langevin steps instead of 50, everything that x̃ enters is too
/// far, and nothing else is.
#[test]
fn a_step_less_is_seen() {
    let case = case("wide");
    let mut recipe = case.settings.recipe();
    recipe.chains.steps -= 1;
    let far = far(distances(&case, &iteration(recipe)), BIASES);
    for name in ["samples", "moved", "f_samples", "energy_loss", "vae_loss", "displacement"] {
        assert!(far.contains_key(name), "{name} is among {far:#?}");
    }
    let updates = far.keys().filter(|name| name.ends_with("update")).count();
    assert!(updates > 20, "{updates} updates are too far");
    for name in ["data", "start", "f_data"] {
        assert!(!far.contains_key(name), "{name}");
    }
    assert!(!far.keys().any(|name| name.ends_with("before")));
}
