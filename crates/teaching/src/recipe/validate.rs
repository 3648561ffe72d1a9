//! Ranges of the values of a recipe.

use super::{GuardPolicy, Recipe};
use crate::RecipeError;
use crate::condition::ConditionRecipe;
use crate::part::Part;

/// An upper limit of counts, more than any run could use.
const MOST: u64 = 1_000_000_000;
/// The largest number of images or chains at once.
const WIDEST: u64 = 65_536;
/// The largest side of an image.
const LARGEST: u64 = 4_096;
/// The largest number of steps of a chain.
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
        self.validate_noise()?;
        count("data.side", self.data.side.unwrap_or(1) as u64, 1, LARGEST)?;
        let channels = self.data.channels.unwrap_or(1);
        range("data.channels", channels, matches!(channels, 1 | 3), "1 or 3")?;
        count("data.crop", self.data.crop as u64, 0, LARGEST)?;
        count("evaluation.every", self.evaluation.every, 1, MOST)?;
        count("evaluation.checkpoint_every", self.evaluation.checkpoint_every, 1, MOST)?;
        count("evaluation.images", self.evaluation.images as u64, 1, 1_024)?;
        let samples = self.evaluation.final_samples;
        let enough = samples == 0 || (500..=65_536).contains(&samples);
        range("evaluation.final_samples", samples, enough, "0, or in 500..=65536")?;
        self.validate_guard()?;
        self.validate_chains()?;
        if let Some(settings) = self.student.built_in() {
            settings.validate(&self.parts())?;
        }
        self.validate_optimiser()?;
        self.validate_condition()?;
        self.energy.validate().map_err(|error| error.within("energy"))?;
        self.vae.validate().map_err(|error| error.within("vae"))?;
        Ok(())
    }

    /// Checks that data and samples can be in the same places, for training.
    ///
    /// # Errors
    /// [`RecipeError::Supports`]
    pub fn check_supports(&self) -> Result<(), RecipeError> {
        let (noise_std, [data, chains]) =
            (self.data.noise_std, [self.data.walls, self.chains.walls]);
        if noise_std == 0.0 || data == chains || self.chains.allow_mismatch {
            return Ok(());
        }
        Err(RecipeError::Supports { noise_std, data: data.name(), chains: chains.name() })
    }

    fn validate_noise(&self) -> Result<(), RecipeError> {
        let data = &self.data;
        not_negative("data.noise_std", data.noise_std)?;
        let (end, all) = (data.noise_std_end, data.noise_decay_iterations);
        positive("data.noise_std_end", end.unwrap_or(1.0))?;
        count("data.noise_decay_iterations", all.unwrap_or(1), 1, MOST)?;
        let together = "given together with data.noise_decay_iterations, or not at all";
        let given = end.map_or("none".into(), |end| end.to_string());
        range("data.noise_std_end", given, end.is_some() == all.is_some(), together)?;
        let expected = "above 0 where it changes (data.noise_std_end)";
        let changes = end.is_none() || data.noise_std > 0.0;
        range("data.noise_std", data.noise_std, changes, expected)
    }

    fn validate_guard(&self) -> Result<(), RecipeError> {
        let guard = &self.guard;
        count("guard.every", guard.every, 1, MOST)?;
        count("guard.patience", guard.patience.into(), 1, MOST)?;
        positive("guard.curvature", guard.curvature)?;
        RecipeError::check_share("guard.acceptance", guard.acceptance)?;
        range("guard.growth", guard.growth, guard.growth > 1.0, "above 1")?;
        count("guard.roll_backs", guard.roll_backs.into(), 0, MOST)?;
        let factor = guard.rate_factor;
        range("guard.rate_factor", factor, factor > 0.0 && factor <= 1.0, "in (0, 1]")
    }

    fn validate_chains(&self) -> Result<(), RecipeError> {
        let chains = &self.chains;
        count("chains.count", chains.count as u64, 1, WIDEST)?;
        count("chains.steps", chains.steps as u64, 1, LONGEST)?;
        let least = chains.least_steps.unwrap_or(1) as u64;
        count("chains.least_steps", least, 1, chains.steps as u64)?;
        count("chains.sampling_steps", chains.sampling_steps as u64, 1, LONGEST)?;
        let quiet = chains.quiet_steps as u64;
        count("chains.quiet_steps", quiet, 0, chains.sampling_steps as u64)?;
        positive("chains.step_size", chains.step_size)?;
        positive("chains.reference_std", chains.reference_std.unwrap_or(1.0))?;
        positive("chains.temperature", chains.temperature)?;
        positive("chains.gradient_clip", chains.gradient_clip.unwrap_or(1.0))?;
        let noisy = !chains.denoise || self.data.noise_std > 0.0;
        range("chains.denoise", chains.denoise, noisy, "false without data.noise_std")
    }

    fn validate_condition(&self) -> Result<(), RecipeError> {
        let Some(condition) = &self.condition else { return Ok(()) };
        match condition {
            ConditionRecipe::Class(class) => {
                count("condition.classes", class.classes as u64, 1, 256)?;
            }
            ConditionRecipe::Hidden(hidden) => {
                let only = "false, unless the networks see the mask (condition.mask)";
                range("condition.hold", hidden.hold, !hidden.hold || hidden.mask, only)?;
            }
            ConditionRecipe::Pair(pair) => {
                count("condition.channels", pair.channels as u64, 1, 1_024)?;
            }
        }
        let gamma = condition.l1_weight();
        range("condition.l1_weight", gamma, (0.0..=1.0).contains(&gamma), "in [0, 1]")?;
        let decodes = self.student.has(Part::Decoder) || self.student.built_in().is_none();
        let expected = "0 where the student has no decoder";
        range("condition.l1_weight", gamma, gamma == 0.0 || decodes, expected)?;
        let (chains, batch) = (self.chains.count, self.data.batch);
        let own = "data.batch where there is a condition: each of the data has its own chain";
        range("chains.count", chains, chains == batch, own)
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
        let beta_1 = optimiser.energy_beta_1.unwrap_or(0.0);
        range("optimiser.energy_beta_1", beta_1, unit.contains(&beta_1), "in [0, 1)")?;
        not_negative("optimiser.energy_weight_decay", optimiser.energy_weight_decay)?;
        positive("optimiser.spectral_limit", optimiser.spectral_limit.unwrap_or(1.0))?;
        if let Some(control) = &optimiser.control {
            positive("optimiser.control.curvature", control.curvature)?;
            positive("optimiser.control.gain", control.gain)?;
            let measured = self.guard.policy != GuardPolicy::Off;
            let needed = "other than off with [optimiser.control], which needs its measurements";
            range("guard.policy", "off", measured, needed)?;
        }
        RecipeError::check_decay("optimiser.ema_decay", optimiser.ema_decay)
    }
}

fn positive(field: &str, value: f64) -> Result<(), RecipeError> {
    RecipeError::check_positive(field, value)
}

fn not_negative(field: &str, value: f64) -> Result<(), RecipeError> {
    RecipeError::check_not_negative(field, value)
}

fn count(field: &str, value: u64, least: u64, most: u64) -> Result<(), RecipeError> {
    RecipeError::check_count(field, value, least..=most)
}

fn range(
    field: &str,
    given: impl ToString,
    ok: bool,
    expected: impl Into<String>,
) -> Result<(), RecipeError> {
    RecipeError::check(field, given, ok, expected)
}
