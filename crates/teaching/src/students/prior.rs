//! `[student.prior]`: the prior p(z) of a student's codes.
//!
//! A VAE leaves holes in N(0, I): regions where the prior has mass and no code of an image lies.
//! What is decoded there is no image, and few Langevin steps do not mend it. A mixture of
//! posteriors starts chains where codes of recent samples are.

use burn::tensor::{Device, Tensor, TensorData};
use ebm_noise::Key;
use ebm_noise::streams::codes as stream;
use ebm_tensor::{Condition, values};
use ebm_vae::{MixturePrior, Posterior};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::files::{CheckpointReader, CheckpointWriter};
use crate::{RecipeError, TeachingError};

const FILE: &str = "prior.f32";
/// The limit of the size of a bank, whose components are all part of each KL term.
const MOST_CODES: u64 = 100_000;

/// The prior p(z) of a student's codes. `student.prior.kind` selects it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "kebab-case")]
#[non_exhaustive]
pub enum PriorRecipe {
    /// N(0, I), as in the paper.
    #[default]
    Normal,
    /// A mixture of posteriors of recent samples, and of N(0, I).
    Mixture(MixtureRecipe),
}

/// A mixture of the posteriors q(z|x̃) of recent samples x̃, as they were when the student learned
/// from these, and of N(0, I): the prior of Tomczak and Welling ("VAE with a VampPrior", AISTATS
/// 2018), with samples of the chains as pseudo-inputs. A conditional model's codes for a class come
/// from the samples of that class.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct MixtureRecipe {
    /// The number of posteriors that are kept, those of the most recent samples.
    #[serde(default = "mixture_size")]
    pub size: usize,
    /// The weight of the mixture among the codes that chains start from in training; the others
    /// come from N(0, I).
    #[serde(default = "half")]
    pub share: f64,
    /// The weight of the mixture among the codes of previews, measured samples and tasks.
    #[serde(default = "one")]
    pub sampling_share: f64,
    /// The prior that the KL term of the student's loss compares q(z|x̃) with.
    #[serde(default)]
    pub kl: KlPrior,
}

/// The prior in the KL term of a student's loss.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum KlPrior {
    /// N(0, I), with the divergence in closed form.
    #[default]
    Normal,
    /// The prior that chains start from in training, with an estimate of the divergence from one
    /// code for each sample.
    Mixture,
}

impl Default for MixtureRecipe {
    fn default() -> Self {
        Self { size: mixture_size(), share: half(), sampling_share: one(), kl: KlPrior::default() }
    }
}

impl PriorRecipe {
    /// Returns whether it is N(0, I), for `skip_serializing_if`.
    pub(super) fn is_normal(&self) -> bool {
        *self == Self::Normal
    }

    pub(super) fn validate(&self) -> Result<(), RecipeError> {
        let Self::Mixture(mixture) = self else { return Ok(()) };
        let size = mixture.size as u64;
        RecipeError::check_count("student.prior.size", size, 1..=MOST_CODES)?;
        RecipeError::check_share("student.prior.share", mixture.share)?;
        RecipeError::check_share("student.prior.sampling_share", mixture.sampling_share)
    }
}

/// The part of a run that a prior's codes are for.
#[derive(Clone, Copy, Debug)]
pub(super) enum Use {
    Training,
    Sampling,
}

/// A prior, with the posteriors of recent samples if it is a mixture.
#[derive(Clone, Debug)]
pub(super) struct Prior {
    mixture: Option<MixtureRecipe>,
    bank: Bank,
    device: Device,
}

impl Prior {
    pub(super) fn new(recipe: &PriorRecipe, latent: usize, device: &Device) -> Self {
        let mixture = match recipe {
            PriorRecipe::Normal => None,
            PriorRecipe::Mixture(mixture) => Some(mixture.clone()),
        };
        let size = mixture.as_ref().map_or(0, |mixture| mixture.size);
        Self { mixture, bank: Bank::new(size, latent), device: device.clone() }
    }

    /// Draws codes, `[count, latent]`; until the first samples were learned from, from N(0, I).
    pub(super) fn draw(
        &self,
        count: usize,
        condition: Option<&Condition>,
        purpose: Use,
        key: Key,
    ) -> Tensor<2> {
        let normal = key.normal([count, self.bank.latent], &self.device);
        let share = self.share(purpose);
        if share == 0.0 {
            return normal;
        }
        let (classes, choice) =
            (condition.and_then(Condition::labels), key.fold(stream::COMPONENTS));
        let mut codes = values(normal);
        for (row, code) in codes.chunks_exact_mut(self.bank.latent).enumerate() {
            let class = classes.as_ref().map(|classes| classes[row]);
            let uniform = |index| choice.uniform_at(row as u32, index);
            if uniform(0) < share {
                self.bank.component(class, uniform(1)).move_to(code);
            }
        }
        let shape = [count, self.bank.latent];
        Tensor::from_data(TensorData::new(codes, shape), &self.device)
    }

    /// Returns the mixture that [`draw`](Self::draw) draws from; `None` for N(0, I).
    pub(super) fn mixture(&self, purpose: Use) -> Option<MixturePrior> {
        let share = self.share(purpose);
        (share > 0.0).then(|| self.bank.mixture(share, &self.device))
    }

    /// Returns KL(q(z|x̃) ‖ p(z)), or an estimate of it from the code z ~ q(z|x̃), `[batch]`.
    pub(super) fn kl(
        &self,
        posterior: &Posterior,
        z: Tensor<2>,
        condition: Option<&Condition>,
    ) -> Tensor<1> {
        let of_mixture = |mixture: &&MixtureRecipe| mixture.kl == KlPrior::Mixture;
        let mixture = self.mixture.as_ref().filter(of_mixture).and(self.mixture(Use::Training));
        match mixture {
            None => posterior.kl(),
            Some(prior) => {
                let weights = condition
                    .and_then(Condition::labels)
                    .map(|classes| self.bank.weights(&classes, &self.device));
                posterior.log_density(z.clone()) - prior.log_density(z, weights)
            }
        }
    }

    /// Returns what [`remember`](Self::remember) keeps of the posteriors of a batch of samples.
    pub(super) fn codes(
        &self,
        posterior: &Posterior,
        condition: Option<&Condition>,
    ) -> Option<Codes> {
        self.mixture.as_ref().map(|_| Codes {
            means: values(posterior.mean.clone()),
            log_stds: values(posterior.log_std.clone()),
            classes: condition.and_then(Condition::labels),
        })
    }

    /// Adds posteriors to the bank, in the place of the oldest.
    pub(super) fn remember(&mut self, codes: Option<Codes>) {
        if let Some(codes) = codes {
            self.bank.keep(codes);
        }
    }

    /// Writes the bank, if there is one.
    pub(super) fn save(&self, checkpoint: &mut CheckpointWriter) -> Result<(), TeachingError> {
        match &self.mixture {
            Some(_) => checkpoint.write(FILE, &self.bank.to_bytes()),
            None => Ok(()),
        }
    }

    /// Reads the bank, if there is one.
    pub(super) fn load(&mut self, checkpoint: &CheckpointReader) -> Result<(), TeachingError> {
        if self.mixture.is_some() && !self.bank.restore(&checkpoint.read(FILE)?) {
            let message = format!("it does not hold codes of {} dimensions", self.bank.latent);
            return Err(checkpoint.error(FILE, message));
        }
        Ok(())
    }

    /// Returns the weight of the mixture: 0 for N(0, I), and while the bank is empty.
    fn share(&self, purpose: Use) -> f64 {
        let share = self.mixture.as_ref().map_or(0.0, |mixture| match purpose {
            Use::Training => mixture.share,
            Use::Sampling => mixture.sampling_share,
        });
        if self.bank.rows.is_empty() { 0.0 } else { share }
    }
}

/// The posteriors of a batch, on the host.
#[derive(Clone, Debug)]
pub(super) struct Codes {
    means: Vec<f32>,
    log_stds: Vec<f32>,
    classes: Option<Vec<usize>>,
}

/// The posteriors of the most recent samples.
#[derive(Clone, Debug, PartialEq)]
struct Bank {
    size: usize,
    latent: usize,
    /// The posteriors, the oldest first.
    rows: Vec<Component>,
}

/// One posterior.
#[derive(Clone, Debug, PartialEq)]
struct Component {
    mean: Vec<f32>,
    log_std: Vec<f32>,
    /// The class of the sample; 0 without classes.
    class: usize,
}

impl Component {
    /// Turns a code from N(0, I) into one from this posterior.
    fn move_to(&self, code: &mut [f32]) {
        for ((code, mean), log_std) in code.iter_mut().zip(&self.mean).zip(&self.log_std) {
            *code = mean + log_std.exp() * *code;
        }
    }
}

impl Bank {
    fn new(size: usize, latent: usize) -> Self {
        Self { size, latent, rows: Vec::new() }
    }

    fn keep(&mut self, codes: Codes) {
        let Codes { means, log_stds, classes } = codes;
        let parts = means.chunks_exact(self.latent).zip(log_stds.chunks_exact(self.latent));
        self.rows.extend(parts.enumerate().map(|(row, (mean, log_std))| Component {
            mean: mean.into(),
            log_std: log_std.into(),
            class: classes.as_ref().map_or(0, |classes| classes[row]),
        }));
        self.rows.drain(..self.rows.len().saturating_sub(self.size));
    }

    /// Returns the component at a position in [0, 1) among those of a class, or among all where the
    /// class has none.
    fn component(&self, class: Option<usize>, position: f64) -> &Component {
        let of_class = |row: &&Component| class.is_none_or(|class| row.class == class);
        let count = self.rows.iter().filter(of_class).count();
        let at = |count: usize| (position * count as f64) as usize;
        match count {
            0 => &self.rows[at(self.rows.len())],
            _ => self.rows.iter().filter(of_class).nth(at(count)).expect("below the count"),
        }
    }

    fn mixture(&self, share: f64, device: &Device) -> MixturePrior {
        let all = |part: fn(&Component) -> &Vec<f32>| -> Vec<f32> {
            self.rows.iter().flat_map(part).copied().collect()
        };
        let (means, log_stds) = (all(|row| &row.mean), all(|row| &row.log_std));
        MixturePrior::new(&means, &log_stds, self.latent, 1.0 - share, device)
    }

    /// Returns the weight of each component for codes of these classes, `[classes, components]`:
    /// 1 within a class and 0 elsewhere, or 1 everywhere for a class without components.
    fn weights(&self, classes: &[usize], device: &Device) -> Tensor<2> {
        let of_class = |&class: &usize| {
            let known = self.rows.iter().any(|row| row.class == class);
            let weight = move |row: &Component| f32::from(u8::from(!known || row.class == class));
            self.rows.iter().map(weight)
        };
        let weights: Vec<f32> = classes.iter().flat_map(of_class).collect();
        Tensor::from_data(TensorData::new(weights, [classes.len(), self.rows.len()]), device)
    }

    /// Returns the rows (μ, log σ, class), each of 2·latent + 1 numbers.
    fn to_bytes(&self) -> Vec<u8> {
        let numbers = |row: &Component| -> Vec<u8> {
            let class = [row.class as f32];
            let all = row.mean.iter().chain(&row.log_std).chain(&class);
            all.flat_map(|x| x.to_le_bytes()).collect()
        };
        self.rows.iter().flat_map(numbers).collect()
    }

    /// Replaces all components by those of [`to_bytes`](Self::to_bytes) and returns whether they
    /// have codes of the same length.
    fn restore(&mut self, bytes: &[u8]) -> bool {
        let row = 2 * self.latent + 1;
        let numbers: Vec<f32> =
            bytes.as_chunks().0.iter().map(|x| f32::from_le_bytes(*x)).collect();
        let fits = bytes.len().is_multiple_of(4 * row);
        if fits {
            let component = |row: &[f32]| Component {
                mean: row[..self.latent].into(),
                log_std: row[self.latent..][..self.latent].into(),
                class: row[2 * self.latent] as usize,
            };
            self.rows = numbers.chunks_exact(row).map(component).collect();
        }
        fits
    }
}

fn mixture_size() -> usize {
    2048
}

fn half() -> f64 {
    0.5
}

fn one() -> f64 {
    1.0
}

#[cfg(test)]
mod tests {
    use super::*;

    const LATENT: usize = 2;

    /// Two posteriors of class 1 and one of class 0, all narrow.
    fn prior(share: f64) -> Prior {
        let mixture = MixtureRecipe { size: 3, share, sampling_share: 1.0, kl: KlPrior::Mixture };
        let mut prior = Prior::new(&PriorRecipe::Mixture(mixture), LATENT, &Device::flex());
        let codes = |means: &[f32], classes: &[usize]| Codes {
            means: means.into(),
            log_stds: vec![-5.0; means.len()],
            classes: Some(classes.into()),
        };
        // The first is forgotten: there are four, and a place for three.
        prior.remember(Some(codes(&[9.0, 9.0, 3.0, 0.0], &[0, 1])));
        prior.remember(Some(codes(&[0.0, 3.0, -3.0, 0.0], &[1, 0])));
        prior
    }

    fn one_hot(labels: &[u8]) -> Condition {
        Condition::one_hot(labels, 3, &Device::flex())
    }

    #[test]
    fn codes_lie_where_recent_codes_of_their_class_are() {
        let labels: Vec<u8> = (0..3000).map(|i| (i % 3) as u8).collect();
        let condition = one_hot(&labels);
        let codes = prior(1.0).draw(3000, Some(&condition), Use::Training, Key::new(1));
        let mut counts = [[0; 3]; 3];
        for (code, label) in values(codes).chunks(LATENT).zip(labels) {
            let centres = [[3.0, 0.0], [0.0, 3.0], [-3.0, 0.0]];
            let near = |c: &[f32; 2]| (code[0] - c[0]).abs() + (code[1] - c[1]).abs() < 0.1;
            let component = centres.iter().position(near).expect("a code near a component");
            counts[usize::from(label)][component] += 1;
        }
        assert_eq!((counts[0], counts[1][2]), ([0, 0, 1000], 0));
        // Class 2 has no component, so that all are used; six standard errors.
        assert!((counts[1][0] - 500_i32).abs() < 95, "{counts:?}");
        assert!(counts[2].iter().all(|count| (count - 333).abs() < 90), "{counts:?}");
    }

    #[test]
    fn the_share_of_the_mixture_is_kept() {
        let codes = values(prior(0.3).draw(4000, None, Use::Training, Key::new(2)));
        let near = |code: &&[f32]| (code[0].hypot(code[1]) - 3.0).abs() < 0.05;
        let count = codes.chunks(LATENT).filter(near).count() as f64;
        // N(0, I) has 0.3 % within this distance; four standard errors.
        assert!((count - 1205.0).abs() < 120.0, "{count}");
        let normal = Prior::new(&PriorRecipe::Normal, LATENT, &Device::flex());
        let drawn = normal.draw(7, None, Use::Training, Key::new(3)).into_data();
        drawn.assert_eq(&Key::new(3).normal::<2>([7, LATENT], &Device::flex()).into_data(), true);
    }

    /// KL(q ‖ q) = 0 for a mixture of one component without N(0, I), whatever the code.
    #[test]
    fn a_posterior_does_not_differ_from_itself() {
        let device = Device::flex();
        let row = |values: [f32; 2]| Tensor::<1>::from_data(values, &device).unsqueeze::<2>();
        let posterior = Posterior { mean: row([0.5, -1.0]), log_std: row([-0.7, 0.2]) };
        let mixture =
            MixtureRecipe { size: 4, share: 1.0, kl: KlPrior::Mixture, ..Default::default() };
        let mut prior = Prior::new(&PriorRecipe::Mixture(mixture), LATENT, &device);
        let z = posterior.sample(Key::new(1));
        let before = prior.kl(&posterior, z.clone(), None).into_data();
        before.assert_eq(&posterior.kl().into_data(), true);
        prior.remember(prior.codes(&posterior, None));
        let kl: f32 = prior.kl(&posterior, z, None).into_scalar();
        assert!(kl.abs() < 1e-5, "{kl}");
    }

    #[test]
    fn a_bank_survives_its_file() {
        let Prior { bank, .. } = prior(0.5);
        let mut read = Bank::new(3, LATENT);
        assert!(read.restore(&bank.to_bytes()));
        assert_eq!(read, bank);
        assert!(!Bank::new(3, LATENT + 1).restore(&bank.to_bytes()[..20]));
    }
}
