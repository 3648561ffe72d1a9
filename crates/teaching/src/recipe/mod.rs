//! Recipes: everything about a run, in one TOML file.

mod open;
mod validate;

use ebm_networks::EnergyConfig;
use ebm_vae::VaeConfig;
use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, Schema};
use serde::{Deserialize, Serialize};

pub use open::RecipeSummary;

use crate::ConditionRecipe;

/// Everything about a run. Two runs of one resolved recipe with one CPU backend on one machine
/// give the same bits.
///
/// A recipe file may begin with `extends = "NAME"` and then gives only what differs; the word `"none"` takes
/// away an optional value of the recipe below. A table `[quick]` says what `NAME-quick` changes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Recipe {
    /// Names the run's folder.
    pub name: String,
    /// One line for lists.
    pub description: String,
    /// Determines initial parameters, latent codes, noise, dropout and the order of the data.
    pub seed: u64,
    /// Iterations of Algorithm 1.
    pub iterations: u64,
    /// What is learned from.
    pub data: DataRecipe,
    /// What images are learned given, p(x | c); none for p(x).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub condition: Option<ConditionRecipe>,
    /// Who starts the chains, and what it learns from where they end.
    pub student: StudentRecipe,
    /// How the energy is sampled.
    pub chains: ChainRecipe,
    /// How both models learn.
    pub optimiser: OptimiserRecipe,
    /// What is looked at on the way.
    pub evaluation: EvaluationRecipe,
    /// f_θ, the network of the energy.
    pub energy: EnergyConfig,
    /// g_φ and q_α; students without a network leave it unused.
    pub vae: VaeConfig,
}

/// What is learned from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DataRecipe {
    /// A data set's name in `datasets.toml`, a density's, or a path (which begins with `.` or holds a `/`): of a folder
    /// of PNG and JPEG pictures, or of an .npy or .npz file.
    pub set: String,
    /// Height and width that pictures of any size are scaled to, after a crop to the largest square about their
    /// centres; needed for a folder that is named by its path. Other sets keep theirs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub side: Option<usize>,
    /// 1 (grey) or 3 (colours), of pictures; 3 unless `datasets.toml` says something else. Other sets keep theirs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub channels: Option<usize>,
    /// n, images in a batch.
    pub batch: usize,
    /// The order of the data.
    #[serde(default)]
    pub shuffle: Shuffle,
    /// Whether left and right are exchanged with probability ½, anew in every epoch; the released code does not.
    #[serde(default)]
    pub flip: bool,
    /// Black pixels on each side of an image, of which then a part of the image's size is taken at a random place, anew
    /// in every epoch; the released code has none.
    #[serde(default)]
    pub crop: usize,
    /// Standard deviation of Gaussian noise that is added to data, fresh in every iteration; the released code
    /// has none.
    #[serde(default)]
    pub noise_std: f64,
}

/// The order of the data.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Shuffle {
    /// As they are stored, as the released code does for CIFAR-10.
    Never,
    /// In one random order in all epochs, as the released code does for MNIST.
    Once,
    /// In another random order in each epoch.
    #[default]
    EveryEpoch,
}

/// Who starts the chains.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum StudentKind {
    /// A VAE's decoder; the VAE learns from where chains end: variational MCMC teaching.
    Variational,
    /// A generator that keeps each chain's code: MCMC teaching, or CoopNets (Xie, Lu, Gao, Zhu, Wu, AAAI
    /// 2018).
    Generator,
    /// Uniform noise, nothing learned: short-run MCMC (Nijkamp, Hill, Zhu, Wu, NeurIPS 2019).
    Noise,
    /// Where earlier chains ended, nothing learned: persistent contrastive divergence with a buffer (Tieleman,
    /// ICML 2008; Du and Mordatch, NeurIPS 2019).
    Replay,
    /// The data, nothing learned: contrastive divergence (Hinton 2002).
    Data,
    /// A VAE that learns from the data, without an energy: what variational teaching is compared with.
    VaeOnData,
}

/// The student and its numbers; each student uses some of them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StudentRecipe {
    /// Who starts the chains.
    pub kind: StudentKind,
    /// w, the weight of the KL term in the VAE's loss (eq. 6): `variational`, `vae-on-data`.
    pub kl_weight: f64,
    /// σ₂ of p(x|z) = N(g(z), σ₂²): `generator`, and codes that are looked for by Langevin steps.
    #[serde(default = "released::decoder_std")]
    pub decoder_std: f64,
    /// Langevin steps that revise the codes after the chains: `generator`; 0 in the released code.
    #[serde(default)]
    pub latent_steps: usize,
    /// δ₂ of those steps.
    #[serde(default = "released::latent_step_size")]
    pub latent_step_size: f64,
    /// States that are kept: `replay`.
    #[serde(default = "released::buffer")]
    pub buffer: usize,
    /// The share of chains that begin anew, from uniform noise: `replay`.
    #[serde(default = "released::restart")]
    pub restart: f64,
    /// d of the average of the networks' weights, as that of `optimiser.ema_decay`, which samples that are shown or
    /// measured then start from; none in the released code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ema_decay: Option<f64>,
}

/// Values of the released programs of the papers.
mod released {
    pub(super) fn decoder_std() -> f64 {
        0.3
    }

    pub(super) fn latent_step_size() -> f64 {
        0.1
    }

    pub(super) fn buffer() -> usize {
        10_000
    }

    pub(super) fn restart() -> f64 {
        0.05
    }

    pub(super) fn temperature() -> f64 {
        1.0
    }
}

/// How the energy is sampled.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ChainRecipe {
    /// ñ, chains in parallel; it may differ from the batch.
    pub count: usize,
    /// T, Langevin steps in training.
    pub steps: usize,
    /// δ (eq. 2).
    pub step_size: f64,
    /// Whether δ·ε is added. The released code leaves it out.
    pub noise: bool,
    /// The epoch from which noise is left out nevertheless, as in the conditional sibling of the released code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub noise_until_epoch: Option<u64>,
    /// σ₁ of the Gaussian reference term (eq. 1); none leaves the term out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference_std: Option<f64>,
    /// Chains sample exp(−U/temperature): what other programs write as a step and a noise that do not belong
    /// together. Drift s·∇U with noise of standard deviation r is δ = r, temperature r²/(2s).
    #[serde(default = "released::temperature")]
    pub temperature: f64,
    /// Each coordinate of ∇U is clipped to ± this, before the temperature; none in the released code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gradient_clip: Option<f64>,
    /// States are kept in [−1, 1] along the chain; the released code does so only where samples are shown.
    #[serde(default)]
    pub clamp: bool,
    /// T for samples that are shown or measured.
    pub sampling_steps: usize,
}

/// Adam for both models, and the decay of both learning rates.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OptimiserRecipe {
    /// Learning rate of the energy at epoch 0.
    pub energy_learning_rate: f64,
    /// Learning rate of the VAE at epoch 0.
    pub vae_learning_rate: f64,
    /// Adam's β₁.
    pub beta_1: f32,
    /// Adam's β₂.
    pub beta_2: f32,
    /// Adam's ε.
    pub epsilon: f32,
    /// Both learning rates are multiplied by decay^(epoch / decay_epochs).
    pub decay: f64,
    /// See `decay`.
    pub decay_epochs: f64,
    /// Instead of by epochs, learning rates are multiplied by decay^(iteration / decay_iterations): for runs of few epochs,
    /// whose number rises in steps.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decay_iterations: Option<u64>,
    /// α of the term α·(mean f(x̃)² + mean f(x)²) in the energy's loss (Du and Mordatch 2019); the released code
    /// has none.
    #[serde(default)]
    pub energy_regulariser: f64,
    /// w of the term w·mean log(1 + exp(f(x, c′) − f(x, c))) in a conditional energy's loss, where c′ is the condition of
    /// the next of the data: without it f(x, c) cannot be compared between conditions.
    #[serde(default)]
    pub condition_weight: f64,
    /// d of the average θ̄ ← d·θ̄ + (1 − d)·θ of the energy's weights, which samples that are shown or measured
    /// then come from; none in the released code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ema_decay: Option<f64>,
}

/// What is looked at on the way.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EvaluationRecipe {
    /// Iterations between image grids.
    pub every: u64,
    /// Iterations between checkpoints.
    pub checkpoint_every: u64,
    /// Images in a grid.
    pub images: usize,
}

impl Recipe {
    /// Every key of a recipe, with its type and what it means, as a JSON Schema.
    pub fn schema() -> Schema {
        // As recipes are written out: every network with its own keys.
        SchemaSettings::draft2020_12()
            .for_serialize()
            .into_generator()
            .into_root_schema_for::<Self>()
    }

    /// Channels and side of the conditions for images of `[channels, size]`; `None` without conditions.
    pub fn condition_shape(&self, image: [usize; 2]) -> Option<[usize; 2]> {
        self.condition.as_ref().map(|condition| condition.shape(image))
    }

    /// The factor of both learning rates in an iteration of an epoch.
    pub fn decay_at(&self, iteration: u64, epoch: u64) -> f64 {
        let OptimiserRecipe { decay, decay_epochs, decay_iterations, .. } = self.optimiser;
        let by_epochs = epoch as f64 / decay_epochs;
        decay.powf(decay_iterations.map_or(by_epochs, |all| iteration as f64 / all as f64))
    }

    /// Whether Langevin steps have noise at an epoch.
    pub fn noise_at(&self, epoch: u64) -> bool {
        self.chains.noise && self.chains.noise_until_epoch.is_none_or(|end| epoch < end)
    }
}

impl StudentKind {
    /// Whether it has networks that learn.
    pub fn has_vae(self) -> bool {
        matches!(self, Self::Variational | Self::Generator | Self::VaeOnData)
    }

    /// Whether an energy learns beside it.
    pub fn has_energy(self) -> bool {
        self != Self::VaeOnData
    }
}
