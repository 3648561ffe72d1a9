//! Algorithm 1 of variational MCMC teaching.

use burn::module::Module;
use burn::optim::{AdamConfig, GradientsParams, ModuleOptimizer};
use burn::tensor::{Device, Tensor};
use ebm_energy::{ConvEnergy, GaussianReference, Learning};
use ebm_mcmc::{Chains, Langevin, run};
use ebm_noise::Key;
use ebm_vae::{Vae, VaeLoss};
use tracing::instrument;

use crate::{Recipe, StepMetrics, TeachingError};

/// Streams of random numbers within an iteration, and of those outside of iterations.
pub(crate) mod stream {
    pub(super) const INITIAL_ENERGY: u64 = 0;
    pub(super) const INITIAL_VAE: u64 = 1;
    pub(super) const TRAINING: u64 = 2;
    pub(crate) const EVALUATION: u64 = 3;
    pub(super) const LATENT: u64 = 0;
    pub(super) const LANGEVIN: u64 = 1;
    pub(super) const POSTERIOR: u64 = 2;
}

/// An energy and a VAE in training, with their optimisers and the count of iterations.
pub struct Trainer {
    pub(crate) recipe: Recipe,
    pub(crate) energy: ConvEnergy,
    pub(crate) vae: Vae,
    pub(crate) energy_adam: ModuleOptimizer,
    pub(crate) vae_adam: ModuleOptimizer,
    pub(crate) iteration: u64,
    pub(crate) image: [usize; 2],
    /// Without autodiff: chains run here.
    device: Device,
}

/// Samples of the current model.
#[derive(Clone, Debug)]
pub struct Samples {
    /// Decoder means x₀ = g_φ(z), `[chains, channels, height, width]`.
    pub start: Tensor<4>,
    /// x_T, after the Langevin steps.
    pub refined: Tensor<4>,
    /// x_τ of the first chains at evenly spaced τ, the first and the last step included.
    pub strip: Vec<Tensor<4>>,
    /// U before each step, `[steps, chains]`.
    pub energies: Tensor<2>,
}

impl Trainer {
    /// A new run of a recipe on square images of `[channels, size, size]`.
    ///
    /// # Errors
    /// [`TeachingError::Recipe`], if the networks do not fit the images.
    pub fn new(recipe: Recipe, image: [usize; 2], device: &Device) -> Result<Self, TeachingError> {
        recipe.validate()?;
        let device = device.clone().without_autodiff();
        let training = device.clone().autodiff();
        let key = Key::new(recipe.seed);
        let adam = AdamConfig::new()
            .with_beta_1(recipe.optimiser.beta_1)
            .with_beta_2(recipe.optimiser.beta_2)
            .with_epsilon(recipe.optimiser.epsilon);
        Ok(Self {
            energy: recipe.energy.init(image, key.fold(stream::INITIAL_ENERGY), &training)?,
            vae: recipe.vae.init(image, key.fold(stream::INITIAL_VAE), &training)?,
            energy_adam: adam.init(),
            vae_adam: adam.init(),
            iteration: 0,
            image,
            device,
            recipe,
        })
    }

    /// One iteration of Algorithm 1 on a batch of data; `epoch` sets the learning rates.
    ///
    /// # Shapes
    /// - `data`: `[batch, channels, height, width]` in [−1, 1]
    ///
    /// # Errors
    /// [`TeachingError::Chain`] or [`TeachingError::NotFinite`], before the update that it would spoil.
    pub fn step(&mut self, data: Tensor<4>, epoch: u64) -> Result<StepMetrics, TeachingError> {
        self.check_shape(&data)?;
        let key = Key::new(self.recipe.seed).fold(stream::TRAINING).fold(self.iteration);
        let decay = self.recipe.decay_at(epoch);

        // G1: the VAE proposes. Chains start at decoder means, with fresh z.
        let start = self.propose(self.recipe.chains.count, key.fold(stream::LATENT));
        // D1: Langevin refines, with θ fixed; no gradient passes through the chain.
        let steps = self.recipe.chains.steps;
        let samples = self.refine(start.clone(), steps, key.fold(stream::LANGEVIN), |_, _| {})?;
        let samples = samples.state;
        // Both losses, of the models that drew the samples: an update with one that is not finite is never made.
        let learning = self.energy_learning(samples.clone(), data);
        let vae_loss = self.vae_loss(samples.clone(), key.fold(stream::POSTERIOR));
        let energy_loss = self.finite("energy", learning.f_samples - learning.f_data)?;
        let vae_value = self.finite("VAE", scalar(vae_loss.total.clone()))?;
        // D2: the energy learns from data against samples.
        self.update_energy(learning.gradients, decay);
        // G2: the VAE learns from the samples alone; z was inferred anew by q(z|x̃).
        self.update_vae(vae_loss.total, decay);

        let [displacement, displacement_squared] = displacement(samples - start);
        let metrics = StepMetrics {
            iteration: self.iteration,
            epoch,
            f_data: learning.f_data,
            f_samples: learning.f_samples,
            energy_loss,
            reconstruction: scalar(vae_loss.reconstruction),
            kl: scalar(vae_loss.kl),
            vae_loss: vae_value,
            displacement,
            displacement_squared,
        };
        self.iteration += 1;
        Ok(metrics)
    }

    /// Samples of the current model by ancestral Langevin sampling: z ~ N(0, I), x₀ = g_φ(z), then `steps`
    /// Langevin steps. `strip_images` (0 for none) and `strip_frames` (at least 2) size the film strip.
    ///
    /// # Errors
    /// [`TeachingError::Chain`].
    pub fn sample(
        &self,
        count: usize,
        steps: usize,
        key: Key,
        [strip_images, strip_frames]: [usize; 2],
    ) -> Result<Samples, TeachingError> {
        let start = self.propose(count, key.fold(stream::LATENT));
        let mut strip = Vec::with_capacity(strip_frames);
        let keep = |step: usize, state: &Tensor<4>| {
            // The frame's number rises as often as `strip_frames − 1` intervals are filled.
            if strip_images > 0 && step * (strip_frames.max(2) - 1) >= strip.len() * steps {
                strip.push(state.clone().narrow(0, 0, strip_images.min(count)));
            }
        };
        let chains = self.refine(start.clone(), steps, key.fold(stream::LANGEVIN), keep)?;
        Ok(Samples { start, refined: chains.state, strip, energies: chains.energies })
    }

    /// The recipe.
    pub fn recipe(&self) -> &Recipe {
        &self.recipe
    }

    /// Iterations made.
    pub fn iteration(&self) -> u64 {
        self.iteration
    }

    /// The energy's network.
    pub fn energy(&self) -> &ConvEnergy {
        &self.energy
    }

    /// The auto-encoder.
    pub fn vae(&self) -> &Vae {
        &self.vae
    }

    /// The device that chains run on (without autodiff).
    pub fn device(&self) -> &Device {
        &self.device
    }

    #[instrument(level = "debug", skip_all)]
    fn propose(&self, count: usize, key: Key) -> Tensor<4> {
        let vae = self.vae.valid();
        vae.decode(key.normal([count, vae.latent()], &self.device))
    }

    #[instrument(level = "debug", skip_all)]
    fn refine(
        &self,
        start: Tensor<4>,
        steps: usize,
        key: Key,
        observe: impl FnMut(usize, &Tensor<4>),
    ) -> Result<Chains<4>, TeachingError> {
        let chains = &self.recipe.chains;
        let kernel = Langevin { step_size: chains.step_size, noise: chains.noise };
        let model = GaussianReference { inner: self.energy.valid(), std: chains.reference_std };
        run(&kernel, &model, start, steps, key, observe)
            .map_err(|source| TeachingError::Chain { iteration: self.iteration, source })
    }

    #[instrument(level = "debug", skip_all)]
    fn energy_learning(&self, samples: Tensor<4>, data: Tensor<4>) -> Learning {
        self.energy.learning(samples, data)
    }

    #[instrument(level = "debug", skip_all)]
    fn vae_loss(&self, samples: Tensor<4>, key: Key) -> VaeLoss {
        self.vae.loss(samples, self.recipe.kl_weight, key)
    }

    #[instrument(level = "debug", skip_all)]
    fn update_energy(&mut self, gradients: GradientsParams, decay: f64) {
        let rate = self.recipe.optimiser.energy_learning_rate * decay;
        self.energy = self.energy_adam.step(rate, self.energy.clone(), gradients);
    }

    #[instrument(level = "debug", skip_all)]
    fn update_vae(&mut self, loss: Tensor<1>, decay: f64) {
        let gradients = GradientsParams::from_grads(loss.backward(), &self.vae);
        let rate = self.recipe.optimiser.vae_learning_rate * decay;
        self.vae = self.vae_adam.step(rate, self.vae.clone(), gradients);
    }

    fn check_shape(&self, data: &Tensor<4>) -> Result<(), TeachingError> {
        let [channels, size] = self.image;
        let (given, expected) = (data.dims(), [channels, size, size]);
        if given[0] > 0 && given[1..] == expected {
            Ok(())
        } else {
            Err(TeachingError::Shape { given, expected })
        }
    }

    fn finite(&self, loss: &'static str, value: f64) -> Result<f64, TeachingError> {
        if value.is_finite() {
            Ok(value)
        } else {
            Err(TeachingError::NotFinite { iteration: self.iteration, loss, value })
        }
    }
}

impl std::fmt::Debug for Trainer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Trainer")
            .field("recipe", &self.recipe)
            .field("iteration", &self.iteration)
            .finish_non_exhaustive()
    }
}

/// mean ‖Δ‖ and mean ‖Δ‖² over the chains, on the host: with fusion, Burn's wgpu backend was seen to return
/// 2.23 for a mean of square roots of sums that is 3.87.
fn displacement(difference: Tensor<4>) -> [f64; 2] {
    let chains = difference.dims()[0];
    let values: Vec<f64> = difference.into_data().iter::<f64>().collect();
    let squared = values
        .chunks(values.len() / chains)
        .map(|chain| chain.iter().map(|value| value * value).sum::<f64>());
    let (norms, squares) =
        squared.fold((0.0, 0.0), |(norms, squares), one| (norms + one.sqrt(), squares + one));
    [norms / chains as f64, squares / chains as f64]
}

fn scalar(value: Tensor<1>) -> f64 {
    f64::from(value.into_scalar::<f32>())
}
