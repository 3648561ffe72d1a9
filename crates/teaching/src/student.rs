//! Who starts the chains, and what it learns from where they end.

use burn::module::Module;
use burn::optim::{GradientsParams, ModuleOptimizer};
use burn::tensor::{Device, Tensor};
use ebm_energy::squared_norm;
use ebm_mcmc::{ChainError, Langevin, run};
use ebm_networks::{Contrast, Ema};
use ebm_noise::Key;
use ebm_vae::{LatentPosterior, Vae};
use tracing::instrument;

use crate::buffer::Buffer;
use crate::{Recipe, StudentKind, StudentRecipe, TeachingError};

/// The student of a run: its kind's numbers, and what it has learned.
pub(crate) struct Student {
    recipe: StudentRecipe,
    /// γ, the weight of the distance from data.
    l1_weight: f64,
    image: [usize; 2],
    /// Without autodiff.
    device: Device,
    pub(crate) vae: Option<(Vae, ModuleOptimizer)>,
    /// The average of its weights, if the recipe wants one.
    pub(crate) average: Option<Ema<Vae>>,
    pub(crate) buffer: Option<Buffer>,
}

/// Where chains start, and what must be remembered of that.
pub(crate) struct Proposal {
    /// x₀, `[chains, channels, height, width]`.
    pub(crate) start: Tensor<4>,
    /// The codes that x₀ was decoded from.
    latent: Option<Tensor<2>>,
    /// The places in the buffer that x₀ came from.
    places: Vec<usize>,
}

/// What the student will learn, once it is known to be finite.
pub(crate) enum Lesson {
    /// Nothing.
    Nothing,
    /// A loss of its networks, and its gradients.
    Loss(Loss, GradientsParams),
    /// Where the chains ended, to be kept in these places of the buffer.
    States(Vec<usize>, Tensor<4>),
}

/// A network's loss and its parts.
pub(crate) struct Loss {
    pub(crate) total: f64,
    /// mean ‖x − g(z)‖², summed over pixels.
    pub(crate) reconstruction: f64,
    /// In nats.
    pub(crate) kl: Option<f64>,
}

impl Lesson {
    pub(crate) fn loss(&self) -> Option<&Loss> {
        match self {
            Self::Loss(loss, _) => Some(loss),
            Self::Nothing | Self::States(..) => None,
        }
    }
}

impl Student {
    pub(crate) fn new(
        recipe: &Recipe,
        image: [usize; 2],
        key: Key,
        adam: ModuleOptimizer,
        device: &Device,
    ) -> Result<Self, TeachingError> {
        let student = &recipe.student;
        let vae = match student.kind.has_vae() {
            true => {
                let condition = recipe.condition_shape(image);
                let training = device.clone().autodiff();
                Some((recipe.vae.init_conditional(image, condition, key, &training)?, adam))
            }
            false => None,
        };
        let decay = student.ema_decay;
        let average = vae.as_ref().zip(decay).map(|((vae, _), decay)| Ema::new(decay, vae));
        let replays = student.kind == StudentKind::Replay;
        let buffer = replays.then(|| Buffer::new(student.buffer, image, key, device));
        Ok(Self {
            l1_weight: recipe.condition.as_ref().map_or(0.0, |condition| condition.l1_weight),
            recipe: student.clone(),
            image,
            device: device.clone(),
            vae,
            average: average.transpose()?,
            buffer,
        })
    }

    /// Whether proposals are decoded from codes.
    pub(crate) fn decodes(&self) -> bool {
        self.vae.is_some()
    }

    /// The networks that samples that are shown start from: with an average of the weights, that.
    pub(crate) fn shown(&self) -> Option<Vae> {
        let average = self.average.as_ref().map(|average| average.model().clone());
        average.or_else(|| self.vae.as_ref().map(|(vae, _)| vae.valid()))
    }

    /// As [`Self::propose`], for samples that are shown.
    pub(crate) fn show(&self, count: usize, condition: Option<Tensor<4>>, key: Key) -> Tensor<4> {
        match self.shown() {
            Some(vae) => vae.decode(key.normal([count, vae.latent()], &self.device), condition),
            None => self.propose(count, None, condition, key).start,
        }
    }

    /// Starts `count` chains. `data`: `[batch, …]`, which only the student of that name looks at; without it that
    /// student starts from noise. Networks are given the conditions of a conditional model.
    #[instrument(level = "debug", skip_all)]
    pub(crate) fn propose(
        &self,
        count: usize,
        data: Option<&Tensor<4>>,
        condition: Option<Tensor<4>>,
        key: Key,
    ) -> Proposal {
        let [channels, size] = self.image;
        let noise = |rows| key.uniform([rows, channels, size, size], &self.device) * 2.0 - 1.0;
        let (mut latent, mut places) = (None, Vec::new());
        let start = match (&self.vae, &self.buffer, data) {
            (Some((vae, _)), ..) => {
                let vae = vae.valid();
                let z = key.normal([count, vae.latent()], &self.device);
                latent = Some(z.clone());
                vae.decode(z, condition)
            }
            (_, Some(buffer), _) => {
                let start;
                (places, start) = buffer.draw(count, self.recipe.restart, key, &self.device);
                start
            }
            (.., Some(data)) if self.recipe.kind == StudentKind::Data => {
                data.clone().narrow(0, 0, count)
            }
            _ => noise(count),
        };
        Proposal { start, latent, places }
    }

    /// What there is to learn from the chains' last states, gradients included. Data are looked at by no student but
    /// the VAE that has no energy, unless the recipe blends the distance from them into the loss.
    ///
    /// # Errors
    /// [`ChainError`] of the chains of latent codes.
    pub(crate) fn lesson(
        &self,
        proposal: Proposal,
        Contrast { samples, data, condition }: Contrast,
        key: Key,
    ) -> Result<Lesson, ChainError> {
        let weight = self.recipe.kl_weight;
        let Some((vae, _)) = &self.vae else {
            return Ok(match self.buffer {
                Some(_) => Lesson::States(proposal.places, samples),
                None => Lesson::Nothing,
            });
        };
        let (total, reconstruction, kl) = match (self.recipe.kind, proposal.latent) {
            // (z₀, x̃) is a pair, after latent Langevin steps if the recipe wants some.
            (StudentKind::Generator, Some(z)) => {
                let z = self.revise(vae, z, &samples, condition.clone(), key)?;
                let decoded = vae.decode(z, condition);
                let reconstruction = squared_norm(decoded.clone() - samples).mean();
                let std = self.recipe.decoder_std;
                let total = reconstruction.clone() / (2.0 * std * std);
                (self.with_l1(total, decoded, data), reconstruction, None)
            }
            // z is inferred anew by q(z|x̃), or by q(z|x) of data where there is no energy.
            (kind, _) => {
                let taught = if kind.has_energy() { samples } else { data.clone() };
                let loss = vae.loss(taught, condition, weight, key);
                let total = self.with_l1(loss.total, loss.decoded, data);
                (total, loss.reconstruction, Some(loss.kl))
            }
        };
        let loss = Loss {
            total: scalar(&total),
            reconstruction: scalar(&reconstruction),
            kl: kl.as_ref().map(scalar),
        };
        Ok(Lesson::Loss(loss, GradientsParams::from_grads(total.backward(), vae)))
    }

    /// A loss, blended with the distance from the images that conditions belong to, where the recipe wants it.
    fn with_l1(&self, loss: Tensor<1>, decoded: Tensor<4>, data: Tensor<4>) -> Tensor<1> {
        match self.l1_weight {
            0.0 => loss,
            weight => {
                let l1 = (decoded - data).abs().flatten::<2>(1, 3).sum_dim(1).mean();
                loss * (1.0 - weight) + l1 * weight
            }
        }
    }

    /// Langevin steps on p(z|x̃) from the codes that the chains started with.
    fn revise(
        &self,
        vae: &Vae,
        z: Tensor<2>,
        samples: &Tensor<4>,
        condition: Option<Tensor<4>>,
        key: Key,
    ) -> Result<Tensor<2>, ChainError> {
        if self.recipe.latent_steps == 0 {
            return Ok(z);
        }
        let posterior = LatentPosterior::new(vae, samples.clone(), None, self.recipe.decoder_std)
            .given(condition);
        self.infer(&posterior, z, self.recipe.latent_steps, key)
    }

    /// Langevin steps of the recipe's δ₂ on the codes of images.
    pub(crate) fn infer(
        &self,
        posterior: &LatentPosterior,
        z: Tensor<2>,
        steps: usize,
        key: Key,
    ) -> Result<Tensor<2>, ChainError> {
        let kernel = Langevin::new(self.recipe.latent_step_size);
        run(&kernel, posterior, z, steps, key, |_, _| {}).map(|chains| chains.state)
    }

    /// Learns, with a learning rate for those that have networks.
    pub(crate) fn learn(&mut self, lesson: Lesson, rate: f64) {
        match (lesson, &mut self.vae, &mut self.buffer) {
            (Lesson::Loss(_, gradients), Some((vae, adam)), _) => {
                *vae = adam.step(rate, vae.clone(), gradients);
                if let Some(average) = &mut self.average {
                    average.update(vae);
                }
            }
            (Lesson::States(places, states), _, Some(buffer)) => buffer.keep(&places, states),
            _ => {}
        }
    }
}

fn scalar(value: &Tensor<1>) -> f64 {
    f64::from(value.clone().into_scalar::<f32>())
}
