//! MCMC teaching of a generator, which keeps the code of each chain.

use burn::tensor::Tensor;
use ebm_energy::squared_norm;
use ebm_mcmc::ChainError;
use ebm_networks::Contrast;
use ebm_noise::Key;
use ebm_vae::{LatentPosterior, Vae};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::decoding::{self, DecoderSettings, DecodingStudent, LossTerms, Objective};
use super::prior::Prior;
use crate::part::Part;
use crate::registry::{RecipeParts, StudentSettings, StudentSetup};
use crate::student::Student;
use crate::{RecipeError, TeachingError};

/// The settings of MCMC teaching of a generator.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct GeneratorRecipe {
    /// The standard deviation σ₂ of p(x|z) = N(g(z), σ₂²).
    #[serde(default = "decoding::released_std")]
    pub decoder_std: f64,
    /// The number of Langevin steps that revise the codes after the chains; 0 in the released code.
    #[serde(default)]
    pub latent_steps: usize,
    /// The step size δ₂ of Langevin steps on codes.
    #[serde(default = "decoding::released_latent_step_size")]
    pub latent_step_size: f64,
    /// The decay d of the average of the networks' weights, which preview samples and measures
    /// start from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ema_decay: Option<f64>,
}

impl Default for GeneratorRecipe {
    /// Returns the values of the released code.
    fn default() -> Self {
        Self {
            decoder_std: decoding::released_std(),
            latent_steps: 0,
            latent_step_size: decoding::released_latent_step_size(),
            ema_decay: None,
        }
    }
}

impl StudentSettings for GeneratorRecipe {
    fn parts() -> &'static [Part] {
        &[Part::Energy, Part::Decoder]
    }

    fn validate(&self, _recipe: &RecipeParts<'_>) -> Result<(), RecipeError> {
        let most = decoding::MOST_LATENT_STEPS;
        RecipeError::check_count("student.latent_steps", self.latent_steps as u64, 0..=most)?;
        self.decoder().validate()
    }

    fn build(&self, setup: &StudentSetup<'_>) -> Result<Box<dyn Student>, TeachingError> {
        Ok(Box::new(DecodingStudent::new(self.clone(), setup)?))
    }
}

impl Objective for GeneratorRecipe {
    const ENCODES: bool = false;

    /// Returns −log p(x̃|z) of the pairs (z₀, x̃), z₀ revised by Langevin steps on p(z|x̃) if the
    /// recipe asks for some.
    fn loss(
        &self,
        vae: &Vae,
        latent: Tensor<2>,
        contrast: &Contrast,
        _prior: &Prior,
        key: Key,
    ) -> Result<LossTerms, ChainError> {
        let (samples, condition) = (&contrast.samples, &contrast.data.condition);
        let std = self.decoder_std;
        let z = match self.latent_steps {
            0 => latent,
            steps => {
                let posterior = LatentPosterior::new(vae, samples.clone(), None, std);
                let posterior = posterior.given(condition.clone());
                decoding::langevin(&posterior, latent, self.latent_step_size, steps, key)?
            }
        };
        let decoded = vae.decode(z, condition.as_ref());
        let reconstruction = squared_norm(decoded.clone() - samples.clone()).mean();
        let total = reconstruction.clone() / (2.0 * std * std);
        Ok(LossTerms { total, reconstruction, kl: None, decoded, posterior: None })
    }

    fn decoder(&self) -> DecoderSettings {
        let Self { decoder_std, latent_step_size, ema_decay, .. } = *self;
        DecoderSettings { std: decoder_std, latent_step_size, ema_decay }
    }
}
