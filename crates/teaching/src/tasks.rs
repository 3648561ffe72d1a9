//! What a trained model is asked for after training, besides samples: energies, codes, what codes decode to.

use burn::tensor::Tensor;
use ebm_energy::prepare;
use ebm_noise::Key;
use ebm_vae::{LatentPosterior, Vae};

use crate::{StudentKind, TeachingError, Trainer};

/// Streams of random numbers of [`Trainer::infer`].
const START: u64 = 0;
const LANGEVIN: u64 = 1;

impl Trainer {
    /// U of each image, as chains see it: with the reference term and the temperature of the recipe.
    ///
    /// # Shapes
    /// - `images`: `[batch, channels, height, width]`
    /// - `condition`: of a conditional model, one for each image
    /// - output: `[batch]`
    ///
    /// # Errors
    /// [`TeachingError::Missing`] without an energy, [`TeachingError::Shape`], [`TeachingError::Condition`].
    pub fn energies(
        &self,
        images: Tensor<4>,
        condition: Option<Tensor<4>>,
    ) -> Result<Tensor<1>, TeachingError> {
        self.check_shape(&images)?;
        self.check_condition(condition.as_ref(), images.dims()[0])?;
        let Some(model) = self.model(condition) else {
            return Err(self.missing("an energy", "all students but vae-on-data"));
        };
        Ok(prepare(&model).energy(images))
    }

    /// The auto-encoder without autodiff, for its decoder. It normalises by the batch at hand: what a code decodes
    /// to depends a little on the codes beside it.
    ///
    /// # Errors
    /// [`TeachingError::Missing`] without networks.
    pub fn decoder(&self) -> Result<Vae, TeachingError> {
        let missing = || self.missing("a decoder", "variational, generator and vae-on-data");
        self.student.shown().ok_or_else(missing)
    }

    /// The auto-encoder without autodiff, for its encoder too.
    ///
    /// # Errors
    /// [`TeachingError::Missing`] without networks, and of a generator, whose encoder learns nothing.
    pub fn encoder(&self) -> Result<Vae, TeachingError> {
        let learned = self.recipe.student.kind != StudentKind::Generator;
        let missing = || self.missing("an encoder that learned", "variational and vae-on-data");
        self.student.shown().filter(|_| learned).ok_or_else(missing)
    }

    /// Codes of images of which the pixels of `mask` are seen, by `steps` Langevin steps from z ~ N(0, I):
    /// z ← z − (δ₂²/2)·∇(‖z‖²/2 + ‖m ⊙ (x − g(z))‖²/(2σ₂²)) + δ₂·ε, with the recipe's δ₂ and σ₂. This is how the
    /// released code completes images.
    ///
    /// # Shapes
    /// - `images`: `[batch, channels, height, width]`
    /// - `condition`: of a conditional model, one for each image
    /// - `mask`: 1 where a pixel is seen, else 0, of a shape that broadcasts to that of `images`
    /// - output: `[batch, latent]`
    ///
    /// # Errors
    /// [`TeachingError::Missing`] without a decoder, [`TeachingError::Shape`], [`TeachingError::Condition`],
    /// [`TeachingError::Chain`].
    pub fn infer(
        &self,
        images: Tensor<4>,
        condition: Option<Tensor<4>>,
        mask: Tensor<4>,
        steps: usize,
        key: Key,
    ) -> Result<Tensor<2>, TeachingError> {
        let vae = self.decoder()?;
        self.check_shape(&images)?;
        self.check_condition(condition.as_ref(), images.dims()[0])?;
        let start = key.fold(START).normal([images.dims()[0], vae.latent()], self.device());
        let std = self.recipe.student.decoder_std;
        let posterior = LatentPosterior::new(&vae, images, Some(mask), std).given(condition);
        let codes = self.student.infer(&posterior, start, steps, key.fold(LANGEVIN));
        codes.map_err(|source| self.chain_error(source))
    }

    fn missing(&self, part: &'static str, takes: &'static str) -> TeachingError {
        // As recipes spell it.
        let student = toml::Value::try_from(self.recipe.student.kind);
        let student = student.map(|kind| kind.to_string()).unwrap_or_default();
        TeachingError::Missing { part, student, takes }
    }
}
