//! The baseline of variational teaching: a VAE of the data, without an energy.

use burn::tensor::Tensor;
use ebm_mcmc::ChainError;
use ebm_networks::Contrast;
use ebm_noise::Key;
use ebm_tensor::Examples;
use ebm_vae::{Posterior, Vae};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::decoding::{self, DecoderSettings, DecodingStudent, LossTerms, Objective};
use super::prior::{Prior, PriorRecipe};
use crate::part::Part;
use crate::registry::{RecipeParts, StudentSettings, StudentSetup};
use crate::student::Student;
use crate::{RecipeError, TeachingError};

/// The settings of a VAE that learns from the data.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct VaeOnDataRecipe {
    /// The weight w of the KL term in the VAE's loss.
    pub kl_weight: f64,
    /// The standard deviation σ₂ of p(x|z) = N(g(z), σ₂²), for codes that a task infers by Langevin
    /// steps.
    #[serde(default = "decoding::released_std")]
    pub decoder_std: f64,
    /// The step size δ₂ of Langevin steps on codes.
    #[serde(default = "decoding::released_latent_step_size")]
    pub latent_step_size: f64,
    /// The decay d of the average of the networks' weights, which preview samples and measures come
    /// from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ema_decay: Option<f64>,
    /// The prior p(z), from which codes are drawn.
    #[serde(default, skip_serializing_if = "PriorRecipe::is_normal")]
    pub prior: PriorRecipe,
}

impl VaeOnDataRecipe {
    /// Creates settings with this weight of the KL term and the released values besides.
    pub fn new(kl_weight: f64) -> Self {
        Self {
            kl_weight,
            decoder_std: decoding::released_std(),
            latent_step_size: decoding::released_latent_step_size(),
            ema_decay: None,
            prior: PriorRecipe::Normal,
        }
    }
}

impl StudentSettings for VaeOnDataRecipe {
    fn parts() -> &'static [Part] {
        &[Part::Decoder, Part::Encoder]
    }

    fn validate(&self, _recipe: &RecipeParts<'_>) -> Result<(), RecipeError> {
        RecipeError::check_not_negative("student.kl_weight", self.kl_weight)?;
        self.prior.validate()?;
        self.decoder().validate()
    }

    fn build(&self, setup: &StudentSetup<'_>) -> Result<Box<dyn Student>, TeachingError> {
        Ok(Box::new(DecodingStudent::new(self.clone(), setup)?))
    }
}

impl Objective for VaeOnDataRecipe {
    const ENCODES: bool = true;

    /// Returns the weighted negative ELBO of the data.
    fn loss(
        &self,
        vae: &Vae,
        _latent: Tensor<2>,
        contrast: &Contrast,
        prior: &Prior,
        key: Key,
    ) -> Result<LossTerms, ChainError> {
        let Examples { images, condition } = contrast.data.clone();
        let condition = condition.as_ref();
        let kl = |posterior: &Posterior, z| prior.kl(posterior, z, condition);
        Ok(vae.loss_under(kl, images, condition, self.kl_weight, key).into())
    }

    fn decoder(&self) -> DecoderSettings {
        let Self { decoder_std, latent_step_size, ema_decay, .. } = *self;
        DecoderSettings { std: decoder_std, latent_step_size, ema_decay }
    }

    fn prior(&self) -> PriorRecipe {
        self.prior.clone()
    }
}
