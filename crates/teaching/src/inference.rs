//! Inference with a trained model besides sampling: energies, and codes of images.

use burn::tensor::Tensor;
use ebm_energy::{Energy, prepare};
use ebm_mcmc::{Langevin, run};
use ebm_noise::{Key, streams::inference as stream};
use ebm_tensor::{Condition, Examples};
use ebm_vae::{LatentPosterior, Vae};

use crate::TeachingError;
use crate::part::Part;
use crate::student::TrainedDecoder;
use crate::trainer::Trainer;

impl Trainer {
    /// Returns U of each image, as chains evaluate it: with the reference term and the temperature
    /// of the recipe.
    ///
    /// # Shapes
    /// - output: `[batch]`
    ///
    /// # Errors
    /// [`TeachingError::Missing`] without an energy, [`TeachingError::Shape`],
    /// [`TeachingError::Condition`].
    pub fn energies(&self, examples: impl Into<Examples>) -> Result<Tensor<1>, TeachingError> {
        let examples = examples.into();
        self.check(&examples)?;
        let Examples { images, condition } = examples;
        let model = self.model(condition)?;
        Ok(prepare(&model).energy(images))
    }

    /// Returns the auto-encoder without autodiff, for its decoder, which normalises by the batch at
    /// hand: the image of a code depends a little on the codes beside it.
    ///
    /// # Errors
    /// [`TeachingError::Missing`] without a decoder.
    pub fn decoder(&self) -> Result<Vae, TeachingError> {
        Ok(self.trained_decoder()?.vae)
    }

    /// Returns the auto-encoder without autodiff, for its encoder too.
    ///
    /// # Errors
    /// [`TeachingError::Missing`] without a trained encoder; that of a generator is never trained.
    pub fn encoder(&self) -> Result<Vae, TeachingError> {
        self.student.encoder().ok_or_else(|| self.missing(Part::Encoder))
    }

    /// Draws codes from the student's prior p(z), as preview samples start from them: N(0, I)
    /// unless the recipe's `student.prior` says otherwise.
    ///
    /// # Shapes
    /// - `condition`: one for each code of a conditional model
    /// - output: `[count, latent]`
    ///
    /// # Errors
    /// [`TeachingError::Missing`] without a decoder, [`TeachingError::Condition`].
    pub fn codes(
        &self,
        count: usize,
        condition: Option<&Condition>,
        key: Key,
    ) -> Result<Tensor<2>, TeachingError> {
        self.check_condition(condition, count)?;
        let codes = self.student.codes(count, condition, key);
        codes.ok_or_else(|| self.missing(Part::Decoder))
    }

    /// Infers codes of images of which the pixels of `mask` are observed, by `steps` Langevin steps
    /// from z ~ p(z): z ← z − (δ₂²/2)·∇(−log p(z) + ‖m ⊙ (x − g(z))‖²/(2σ₂²)) + δ₂·ε, with the
    /// recipe's δ₂ and σ₂. This is how the released code completes images, with p(z) = N(0, I).
    ///
    /// # Shapes
    /// - `mask`: 1 at observed pixels, else 0, of a shape that broadcasts to that of `images`
    /// - output: `[batch, latent]`
    ///
    /// # Errors
    /// [`TeachingError::Missing`] without a decoder, [`TeachingError::Shape`],
    /// [`TeachingError::Condition`], [`TeachingError::Chain`].
    pub fn infer(
        &self,
        examples: impl Into<Examples>,
        mask: Tensor<4>,
        steps: usize,
        key: Key,
    ) -> Result<Tensor<2>, TeachingError> {
        let TrainedDecoder { vae, std, latent_step_size, prior } = self.trained_decoder()?;
        let examples = examples.into();
        self.check(&examples)?;
        let Examples { images, condition } = examples;
        let start = self.codes(images.dims()[0], condition.as_ref(), key.fold(stream::START))?;
        let posterior = LatentPosterior::new(&vae, images, Some(mask), std);
        let posterior = posterior.given(condition).with_prior(prior);
        let kernel = Langevin::new(latent_step_size);
        let key = key.fold(stream::LANGEVIN);
        let chains = run(&kernel, &posterior, start, steps, key, |_, _| {});
        chains.map(|chains| chains.state).map_err(|source| self.chain_error(source))
    }

    fn trained_decoder(&self) -> Result<TrainedDecoder, TeachingError> {
        self.student.decoder().ok_or_else(|| self.missing(Part::Decoder))
    }
}
