//! Students with an auto-encoder, which differ by their loss alone.

use burn::module::Module;
use burn::optim::{GradientsParams, ModuleOptimizer};
use burn::tensor::Tensor;
use ebm_mcmc::{ChainError, Langevin, run};
use ebm_networks::{Contrast, Ema};
use ebm_noise::Key;
use ebm_noise::streams::auto_encoder as stream;
use ebm_tensor::{Condition, scalar};
use ebm_vae::{LatentPosterior, Posterior, Vae, VaeLoss};

use super::batches::decode_in_batches;
use super::prior::{Codes, Prior, PriorRecipe, Use};
use crate::condition::ConditionRecipe;
use crate::files::{CheckpointReader, CheckpointWriter, is_finite};
use crate::registry::StudentSetup;
use crate::student::{InitialStates, StartRequest, Student, StudentLoss, TrainedDecoder, Update};
use crate::{RecipeError, TeachingError};

const VAE: &str = "vae.bpk";
const ADAM: &str = "vae-adam.bpk";
const AVERAGE: &str = "vae-average.bpk";
/// The limit of Langevin steps on codes, more than any run could use.
pub(super) const MOST_LATENT_STEPS: u64 = 100_000;

/// Returns σ₂ as in the released code of CoopNets.
pub(super) fn released_std() -> f64 {
    0.3
}

/// Returns δ₂ as in the released code of CoopNets.
pub(super) fn released_latent_step_size() -> f64 {
    0.1
}

/// The loss of an auto-encoder, by which these students differ.
pub(super) trait Objective: Send + Sync + 'static {
    /// Whether the encoder is trained too.
    const ENCODES: bool;

    /// Computes the loss. `latent` are the codes that the chains started from, `[chains, latent]`,
    /// and `prior` is that of codes.
    fn loss(
        &self,
        vae: &Vae,
        latent: Tensor<2>,
        contrast: &Contrast,
        prior: &Prior,
        key: Key,
    ) -> Result<LossTerms, ChainError>;

    /// Returns the number of updates in an iteration.
    fn updates(&self) -> u64 {
        1
    }

    /// Returns the settings that all these students have.
    fn decoder(&self) -> DecoderSettings;

    /// Returns the settings of the prior of codes.
    fn prior(&self) -> PriorRecipe {
        PriorRecipe::Normal
    }
}

/// The settings that all students with a decoder have.
pub(super) struct DecoderSettings {
    /// The standard deviation σ₂ of p(x|z).
    pub(super) std: f64,
    /// The step size δ₂ of Langevin steps on codes.
    pub(super) latent_step_size: f64,
    /// The decay of the average of the weights, if there is one.
    pub(super) ema_decay: Option<f64>,
}

impl DecoderSettings {
    pub(super) fn validate(&self) -> Result<(), RecipeError> {
        RecipeError::check_positive("student.decoder_std", self.std)?;
        RecipeError::check_positive("student.latent_step_size", self.latent_step_size)?;
        RecipeError::check_decay("student.ema_decay", self.ema_decay)
    }
}

/// A loss and its terms, each `[1]`, with its graph.
pub(super) struct LossTerms {
    pub(super) total: Tensor<1>,
    pub(super) reconstruction: Tensor<1>,
    pub(super) kl: Option<Tensor<1>>,
    /// The images g(z), `[batch, channels, height, width]`.
    pub(super) decoded: Tensor<4>,
    /// The distributions q(z|x), of a student that encodes.
    pub(super) posterior: Option<Posterior>,
}

impl From<VaeLoss> for LossTerms {
    fn from(VaeLoss { total, reconstruction, kl, decoded, posterior }: VaeLoss) -> Self {
        Self { total, reconstruction, kl: Some(kl), decoded, posterior: Some(posterior) }
    }
}

/// Runs Langevin steps on codes.
pub(super) fn langevin(
    posterior: &LatentPosterior,
    z: Tensor<2>,
    step_size: f64,
    steps: usize,
    key: Key,
) -> Result<Tensor<2>, ChainError> {
    let kernel = Langevin::new(step_size);
    run(&kernel, posterior, z, steps, key, |_, _| {}).map(|chains| chains.state)
}

/// A student that starts chains at decoder means g(z), with codes z from its prior.
pub(super) struct DecodingStudent<O> {
    objective: O,
    vae: Vae,
    adam: ModuleOptimizer,
    /// The average of the weights, if the recipe asks for one.
    average: Option<Ema<Vae>>,
    prior: Prior,
    /// The weight γ of the distance from data.
    l1_weight: f64,
    /// The number of chains in an iteration, which is the batch that the decoder normalises by.
    chains: usize,
}

/// The change of an iteration: a step of the networks, codes for the prior, and what any further
/// steps learn from.
struct Change {
    gradients: GradientsParams,
    codes: Option<Codes>,
    latent: Tensor<2>,
    contrast: Contrast,
    key: Key,
}

impl<O: Objective> DecodingStudent<O> {
    pub(super) fn new(objective: O, setup: &StudentSetup<'_>) -> Result<Self, TeachingError> {
        let (recipe, training) = (&setup.recipe, setup.device.clone().autodiff());
        let condition = setup.condition_shape();
        let vae = recipe.vae.init_conditional(setup.image, condition, setup.key, &training);
        let vae = vae.map_err(|error| error.within("vae"))?;
        let average = objective.decoder().ema_decay.map(|decay| Ema::new(decay, &vae));
        Ok(Self {
            average: average.transpose()?,
            prior: Prior::new(&objective.prior(), vae.latent(), setup.device),
            objective,
            vae,
            adam: recipe.optimiser.adam().init(),
            l1_weight: recipe.condition.map_or(0.0, ConditionRecipe::l1_weight),
            chains: recipe.chains.count,
        })
    }

    /// Returns the networks of preview samples, without autodiff.
    fn preview_vae(&self) -> Vae {
        let average = self.average.as_ref().map(|average| average.model().clone());
        average.unwrap_or_else(|| self.vae.valid())
    }

    /// Computes the loss of the networks as they are.
    fn loss(
        &self,
        latent: Tensor<2>,
        contrast: &Contrast,
        key: Key,
    ) -> Result<LossTerms, ChainError> {
        let terms = self.objective.loss(&self.vae, latent, contrast, &self.prior, key)?;
        let total = self.blend_l1(terms.total, terms.decoded.clone(), contrast.data.images.clone());
        Ok(LossTerms { total, ..terms })
    }

    fn descend(&mut self, gradients: GradientsParams, learning_rate: f64) {
        self.vae = self.adam.step(learning_rate, self.vae.clone(), gradients);
        if let Some(average) = &mut self.average {
            average.update(&self.vae);
        }
    }

    /// Blends the loss with the distance from the images that conditions belong to, where the
    /// recipe asks for it.
    fn blend_l1(&self, loss: Tensor<1>, decoded: Tensor<4>, data: Tensor<4>) -> Tensor<1> {
        match self.l1_weight {
            0.0 => loss,
            weight => {
                let l1 = (decoded - data).abs().flatten::<2>(1, 3).sum_dim(1).mean();
                loss * (1.0 - weight) + l1 * weight
            }
        }
    }
}

impl<O: Objective> Student for DecodingStudent<O> {
    fn initial_states(&self, request: StartRequest<'_>) -> InitialStates {
        let StartRequest { count, condition, key, .. } = request;
        let z = self.prior.draw(count, condition, Use::Training, key);
        let states = self.vae.valid().decode(z.clone(), condition);
        InitialStates::new(states).remembering(z)
    }

    fn preview_states(&self, count: usize, condition: Option<&Condition>, key: Key) -> Tensor<4> {
        let vae = self.preview_vae();
        decode_in_batches(count, condition, self.chains, key, |count, condition, key| {
            vae.decode(self.prior.draw(count, condition, Use::Sampling, key), condition)
        })
    }

    fn codes(&self, count: usize, condition: Option<&Condition>, key: Key) -> Option<Tensor<2>> {
        Some(self.prior.draw(count, condition, Use::Sampling, key))
    }

    fn update(
        &self,
        initial: InitialStates,
        contrast: Contrast,
        key: Key,
    ) -> Result<Update, ChainError> {
        let latent: Tensor<2> = initial.into_memory();
        let LossTerms { total, reconstruction, kl, posterior, .. } =
            self.loss(latent.clone(), &contrast, key)?;
        let condition = contrast.data.condition.as_ref();
        let codes = posterior.and_then(|posterior| self.prior.codes(&posterior, condition));
        let mut loss = StudentLoss::new(scalar(total.clone()));
        loss.reconstruction = Some(scalar(reconstruction));
        loss.kl = kl.map(scalar);
        let gradients = GradientsParams::from_grads(total.backward(), &self.vae);
        let change = Change { gradients, codes, latent, contrast, key };
        Ok(Update::new(change).with_loss(loss))
    }

    fn apply(&mut self, update: Update, learning_rate: f64) {
        let Change { gradients, codes, latent, contrast, key } = update.into_change();
        self.prior.remember(codes);
        self.descend(gradients, learning_rate);
        let further = key.fold(stream::FURTHER_UPDATES);
        for number in 1..self.objective.updates() {
            // A loss that is not finite is an error of the next iteration's first update.
            let loss = self.loss(latent.clone(), &contrast, further.fold(number));
            let Some(total) = loss.ok().map(|terms| terms.total) else { return };
            if !scalar(total.clone()).is_finite() {
                return;
            }
            self.descend(GradientsParams::from_grads(total.backward(), &self.vae), learning_rate);
        }
    }

    fn vae(&self) -> Option<&Vae> {
        Some(&self.vae)
    }

    fn decoder(&self) -> Option<TrainedDecoder> {
        let DecoderSettings { std, latent_step_size, .. } = self.objective.decoder();
        let decoder = TrainedDecoder::new(self.preview_vae(), std, latent_step_size);
        Some(decoder.with_prior(self.prior.mixture(Use::Sampling)))
    }

    fn encoder(&self) -> Option<Vae> {
        O::ENCODES.then(|| self.preview_vae())
    }

    fn is_finite(&self) -> bool {
        is_finite(&self.vae)
    }

    fn save(&self, checkpoint: &mut CheckpointWriter) -> Result<(), TeachingError> {
        checkpoint.write_module(VAE, &self.vae)?;
        checkpoint.write_optimiser(ADAM, &self.adam)?;
        self.prior.save(checkpoint)?;
        match &self.average {
            Some(average) => checkpoint.write_module(AVERAGE, average.model()),
            None => Ok(()),
        }
    }

    fn load(&mut self, checkpoint: &CheckpointReader) -> Result<(), TeachingError> {
        self.vae = checkpoint.read_module(VAE, self.vae.clone())?;
        self.adam = checkpoint.read_optimiser(ADAM, self.adam.clone())?;
        self.prior.load(checkpoint)?;
        if let Some(decay) = self.objective.decoder().ema_decay {
            let average = checkpoint.read_module(AVERAGE, self.vae.clone())?;
            self.average = Some(Ema::new(decay, &average)?);
        }
        Ok(())
    }
}
