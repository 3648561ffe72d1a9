//! The ranges of a recipe's values.

use super::{Recipe, StudentKind};
use crate::{ConditionKind, RecipeError};

/// More than any run could use.
const MOST: u64 = 1_000_000_000;
/// Images or chains at once.
const WIDEST: u64 = 65_536;
/// Pixels of a side.
const LARGEST: u64 = 4_096;
/// Steps of a chain.
const LONGEST: u64 = 100_000;

impl Recipe {
    /// Checks all values that do not depend on the data's shape.
    ///
    /// # Errors
    /// [`RecipeError::Range`] or [`RecipeError::Network`], with the value and the limit.
    pub fn validate(&self) -> Result<(), RecipeError> {
        let name_ok = !self.name.is_empty()
            && self.name.chars().all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c))
            && !self.name.starts_with('.');
        let name = format!("{:?}", self.name);
        range("name", name, name_ok, "letters, digits, '-', '_', '.' (it names a folder)")?;
        // TOML has no larger integers.
        let seed_ok = i64::try_from(self.seed).is_ok();
        range("seed", self.seed, seed_ok, format!("at most {}", i64::MAX))?;
        count("iterations", self.iterations, 1, MOST)?;
        count("data.batch", self.data.batch as u64, 1, WIDEST)?;
        not_negative("data.noise_std", self.data.noise_std)?;
        count("data.side", self.data.side.unwrap_or(1) as u64, 1, LARGEST)?;
        let channels = self.data.channels.unwrap_or(1);
        range("data.channels", channels, matches!(channels, 1 | 3), "1 or 3")?;
        count("data.crop", self.data.crop as u64, 0, LARGEST)?;
        count("evaluation.every", self.evaluation.every, 1, MOST)?;
        count("evaluation.checkpoint_every", self.evaluation.checkpoint_every, 1, MOST)?;
        count("evaluation.images", self.evaluation.images as u64, 1, 1_024)?;
        self.validate_chains()?;
        self.validate_student()?;
        self.validate_optimiser()?;
        self.validate_condition()?;
        self.energy.validate()?;
        self.vae.validate()?;
        Ok(())
    }

    fn validate_chains(&self) -> Result<(), RecipeError> {
        let chains = &self.chains;
        count("chains.count", chains.count as u64, 1, WIDEST)?;
        count("chains.steps", chains.steps as u64, 1, LONGEST)?;
        count("chains.sampling_steps", chains.sampling_steps as u64, 1, LONGEST)?;
        positive("chains.step_size", chains.step_size)?;
        positive("chains.reference_std", chains.reference_std.unwrap_or(1.0))?;
        positive("chains.temperature", chains.temperature)?;
        positive("chains.gradient_clip", chains.gradient_clip.unwrap_or(1.0))
    }

    fn validate_student(&self) -> Result<(), RecipeError> {
        let (student, chains) = (&self.student, self.chains.count);
        not_negative("student.kl_weight", student.kl_weight)?;
        positive("student.decoder_std", student.decoder_std)?;
        count("student.latent_steps", student.latent_steps as u64, 0, LONGEST)?;
        positive("student.latent_step_size", student.latent_step_size)?;
        let restart = student.restart;
        range("student.restart", restart, (0.0..=1.0).contains(&restart), "in [0, 1]")?;
        if student.kind == StudentKind::Replay {
            count("student.buffer", student.buffer as u64, chains as u64, 1 << 24)?;
        }
        let starts = student.kind != StudentKind::Data || chains <= self.data.batch;
        range("chains.count", chains, starts, "at most data.batch where chains begin at the data")
    }

    fn validate_condition(&self) -> Result<(), RecipeError> {
        let Some(condition) = &self.condition else { return Ok(()) };
        count("condition.classes", condition.classes as u64, 1, 256)?;
        count("condition.channels", condition.channels as u64, 1, 1_024)?;
        let (gamma, decodes) = (condition.l1_weight, self.student.kind.has_vae());
        range("condition.l1_weight", gamma, (0.0..=1.0).contains(&gamma), "in [0, 1]")?;
        let image = condition.kind != ConditionKind::Class && decodes;
        let for_images = "0 where the condition is a class, or the student has no decoder";
        range("condition.l1_weight", gamma, gamma == 0.0 || image, for_images)?;
        let masked = condition.kind == ConditionKind::Hidden && condition.mask;
        let only = "false, unless the condition is of kind hidden with its mask";
        range("condition.hold", condition.hold, !condition.hold || masked, only)?;
        let (chains, batch) = (self.chains.count, self.data.batch);
        let own = "data.batch where there is a condition: each of the data has its own chain";
        range("chains.count", chains, chains == batch, own)?;
        let kept = self.student.kind == StudentKind::Replay;
        range(
            "student.kind",
            "replay",
            !kept,
            "another where there is a condition: states that are kept had others",
        )
    }

    fn validate_optimiser(&self) -> Result<(), RecipeError> {
        let optimiser = &self.optimiser;
        positive("optimiser.energy_learning_rate", optimiser.energy_learning_rate)?;
        positive("optimiser.vae_learning_rate", optimiser.vae_learning_rate)?;
        let unit = 0.0..1.0;
        range("optimiser.beta_1", optimiser.beta_1, unit.contains(&optimiser.beta_1), "in [0, 1)")?;
        range("optimiser.beta_2", optimiser.beta_2, unit.contains(&optimiser.beta_2), "in [0, 1)")?;
        positive("optimiser.epsilon", f64::from(optimiser.epsilon))?;
        let decay = optimiser.decay;
        range("optimiser.decay", decay, decay > 0.0 && decay <= 1.0, "in (0, 1]")?;
        positive("optimiser.decay_epochs", optimiser.decay_epochs)?;
        count("optimiser.decay_iterations", optimiser.decay_iterations.unwrap_or(1), 1, MOST)?;
        not_negative("optimiser.energy_regulariser", optimiser.energy_regulariser)?;
        let weight = optimiser.condition_weight;
        not_negative("optimiser.condition_weight", weight)?;
        let learns = weight == 0.0 || self.condition.is_some();
        range("optimiser.condition_weight", weight, learns, "0 without a [condition]")?;
        let averages = [
            ("optimiser.ema_decay", optimiser.ema_decay),
            ("student.ema_decay", self.student.ema_decay),
        ];
        for (name, decay) in averages {
            let decay = decay.unwrap_or(0.0);
            range(name, decay, (0.0..1.0).contains(&decay), "in [0, 1)")?;
        }
        Ok(())
    }
}

fn positive(field: &'static str, value: f64) -> Result<(), RecipeError> {
    range(field, value, value > 0.0 && value.is_finite(), "positive and finite")
}

fn not_negative(field: &'static str, value: f64) -> Result<(), RecipeError> {
    range(field, value, (0.0..f64::INFINITY).contains(&value), "0 or more, finite")
}

fn count(field: &'static str, value: u64, least: u64, most: u64) -> Result<(), RecipeError> {
    range(field, value, (least..=most).contains(&value), format!("in {least}..={most}"))
}

fn range(
    field: &'static str,
    given: impl ToString,
    ok: bool,
    expected: impl Into<String>,
) -> Result<(), RecipeError> {
    if ok {
        Ok(())
    } else {
        Err(RecipeError::Range { field, given: given.to_string(), expected: expected.into() })
    }
}
