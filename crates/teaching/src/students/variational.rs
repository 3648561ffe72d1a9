//! Variational MCMC teaching: a VAE starts the chains and learns from their last states.

use burn::tensor::Tensor;
use ebm_energy::squared_norm;
use ebm_mcmc::ChainError;
use ebm_networks::Contrast;
use ebm_noise::Key;
use ebm_tensor::scalar;
use ebm_vae::{Posterior, Vae};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::decoding::{self, DecoderSettings, DecodingStudent, LossTerms, Objective};
use super::prior::{Prior, PriorRecipe};
use crate::part::Part;
use crate::registry::{RecipeParts, StudentSettings, StudentSetup};
use crate::student::Student;
use crate::{RecipeError, TeachingError};

/// The settings of variational MCMC teaching.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct VariationalRecipe {
    /// The weight w of the KL term in the VAE's loss (eq. 6).
    pub kl_weight: f64,
    /// The standard deviation σ₂ of p(x|z) = N(g(z), σ₂²), for codes that a task infers by Langevin
    /// steps.
    #[serde(default = "decoding::released_std")]
    pub decoder_std: f64,
    /// The step size δ₂ of Langevin steps on codes.
    #[serde(default = "decoding::released_latent_step_size")]
    pub latent_step_size: f64,
    /// The decay d of the average θ̄ ← d·θ̄ + (1 − d)·θ of the networks' weights, which preview
    /// samples and measures start from; none in the released code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ema_decay: Option<f64>,
    /// The number of updates of the networks in an iteration, all from the same samples with fresh
    /// codes z ~ q(z|x̃); 1 in the paper.
    #[serde(default = "one", skip_serializing_if = "is_one")]
    pub steps: u64,
    /// The weight of a second term, ‖x̃ − g(z)‖² with the code z that the chain started from, as
    /// CoopNets learn; 0 in the paper.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub pair_weight: f64,
    /// Whether the decoder's variance is learned too: the weight of the KL term is then
    /// `kl_weight` · 2σ², σ² the mean squared error of a pixel, which is the variance of maximal
    /// likelihood (Rybkin, Daniilidis, Levine, "Simple and effective VAE training with calibrated
    /// decoders", ICML 2021). Fixed in the paper.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub learned_variance: bool,
    /// The prior p(z), from which codes are drawn.
    #[serde(default, skip_serializing_if = "PriorRecipe::is_normal")]
    pub prior: PriorRecipe,
}

/// The limit of updates in an iteration.
const MOST_STEPS: u64 = 100;

fn one() -> u64 {
    1
}

fn is_one(steps: &u64) -> bool {
    *steps == 1
}

fn is_zero(weight: &f64) -> bool {
    *weight == 0.0
}

impl VariationalRecipe {
    /// Creates settings with this weight of the KL term and the released values besides.
    pub fn new(kl_weight: f64) -> Self {
        Self {
            kl_weight,
            decoder_std: decoding::released_std(),
            latent_step_size: decoding::released_latent_step_size(),
            ema_decay: None,
            steps: one(),
            pair_weight: 0.0,
            learned_variance: false,
            prior: PriorRecipe::Normal,
        }
    }
}

impl StudentSettings for VariationalRecipe {
    fn parts() -> &'static [Part] {
        &[Part::Energy, Part::Decoder, Part::Encoder]
    }

    fn validate(&self, _recipe: &RecipeParts<'_>) -> Result<(), RecipeError> {
        RecipeError::check_not_negative("student.kl_weight", self.kl_weight)?;
        RecipeError::check_count("student.steps", self.steps, 1..=MOST_STEPS)?;
        RecipeError::check_not_negative("student.pair_weight", self.pair_weight)?;
        self.prior.validate()?;
        self.decoder().validate()
    }

    fn build(&self, setup: &StudentSetup<'_>) -> Result<Box<dyn Student>, TeachingError> {
        Ok(Box::new(DecodingStudent::new(self.clone(), setup)?))
    }
}

impl Objective for VariationalRecipe {
    const ENCODES: bool = true;

    /// Returns the weighted negative ELBO of the refined samples alone, with z inferred again by
    /// q(z|x̃), and what the recipe adds to it.
    fn loss(
        &self,
        vae: &Vae,
        latent: Tensor<2>,
        contrast: &Contrast,
        prior: &Prior,
        key: Key,
    ) -> Result<LossTerms, ChainError> {
        let (samples, condition) = (contrast.samples.clone(), contrast.data.condition.as_ref());
        let kl = |posterior: &Posterior, z| prior.kl(posterior, z, condition);
        let mut loss = vae.loss_under(kl, samples.clone(), condition, self.kl_weight, key);
        if self.learned_variance {
            let pixels = samples.dims()[1..].iter().product::<usize>() as f64;
            let variance = scalar(loss.reconstruction.clone()) / pixels;
            let weight = self.kl_weight * 2.0 * variance;
            loss.total = loss.reconstruction.clone() + loss.kl.clone() * weight;
        }
        if self.pair_weight > 0.0 {
            let pairs = squared_norm(vae.decode(latent, condition) - samples).mean();
            loss.total = loss.total + pairs * self.pair_weight;
        }
        Ok(loss.into())
    }

    fn updates(&self) -> u64 {
        self.steps
    }

    fn decoder(&self) -> DecoderSettings {
        let Self { decoder_std, latent_step_size, ema_decay, .. } = *self;
        DecoderSettings { std: decoder_std, latent_step_size, ema_decay }
    }

    fn prior(&self) -> PriorRecipe {
        self.prior.clone()
    }
}
