//! Recipes: everything about a run, in one TOML file.

use std::path::Path;

use ebm_energy::ConvEnergyConfig;
use ebm_vae::VaeConfig;
use serde::{Deserialize, Serialize};

use crate::RecipeError;

/// The embedded recipes, sorted by name.
const EMBEDDED: [(&str, &str); 4] = [
    ("digits", include_str!("../recipes/digits.toml")),
    ("digits-quick", include_str!("../recipes/digits-quick.toml")),
    ("mnist", include_str!("../recipes/mnist.toml")),
    ("mnist-quick", include_str!("../recipes/mnist-quick.toml")),
];

/// How deep `extends` may go; more is a circle.
const DEEPEST_EXTENDS: usize = 8;

/// Everything about a run. Two runs of one resolved recipe with one CPU backend on one machine
/// give the same bits.
///
/// A recipe file may begin with `extends = "NAME"` and then gives only what differs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Recipe {
    /// Names the run's folder.
    pub name: String,
    /// One line for lists.
    pub description: String,
    /// Determines initial parameters, latent codes, noise, dropout and the order of the data.
    pub seed: u64,
    /// Iterations of Algorithm 1.
    pub iterations: u64,
    /// w, the weight of the KL term in the VAE's loss (eq. 6).
    pub kl_weight: f64,
    /// What is learned from.
    pub data: DataRecipe,
    /// How the energy is sampled.
    pub chains: ChainRecipe,
    /// How both models learn.
    pub optimiser: OptimiserRecipe,
    /// What is looked at on the way.
    pub evaluation: EvaluationRecipe,
    /// f_θ.
    pub energy: ConvEnergyConfig,
    /// g_φ and q_α.
    pub vae: VaeConfig,
}

/// What is learned from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DataRecipe {
    /// The data set's name in `datasets.toml`.
    pub set: String,
    /// n, images in a batch.
    pub batch: usize,
}

/// How the energy is sampled.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChainRecipe {
    /// ñ, chains in parallel.
    pub count: usize,
    /// T, Langevin steps in training.
    pub steps: usize,
    /// δ (eq. 2).
    pub step_size: f64,
    /// Whether δ·ε is added. The released code leaves it out.
    pub noise: bool,
    /// σ₁ of the Gaussian reference term (eq. 1); leave the key out for none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference_std: Option<f64>,
    /// T for samples that are shown or measured.
    pub sampling_steps: usize,
}

/// Adam for both models, and the decay of both learning rates.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OptimiserRecipe {
    /// Learning rate of the energy at epoch 0.
    pub energy_learning_rate: f64,
    /// Learning rate of the VAE at epoch 0.
    pub vae_learning_rate: f64,
    /// Adam's β₁.
    pub beta_1: f32,
    /// Adam's β₂.
    pub beta_2: f32,
    /// Adam's ε.
    pub epsilon: f32,
    /// Both learning rates are multiplied by decay^(epoch / decay_epochs).
    pub decay: f64,
    /// See `decay`.
    pub decay_epochs: f64,
}

/// What is looked at on the way.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EvaluationRecipe {
    /// Iterations between image grids.
    pub every: u64,
    /// Iterations between checkpoints.
    pub checkpoint_every: u64,
    /// Images in a grid.
    pub images: usize,
}

/// A line of the list of embedded recipes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecipeSummary {
    /// The name.
    pub name: &'static str,
    /// What it is for.
    pub description: String,
}

impl Recipe {
    /// The embedded recipes, sorted by name.
    ///
    /// # Errors
    /// None that a user can cause: the embedded recipes are tested.
    pub fn list() -> Result<Vec<RecipeSummary>, RecipeError> {
        EMBEDDED
            .iter()
            .map(|&(name, _)| {
                let description = Self::embedded(name)?.description;
                Ok(RecipeSummary { name, description })
            })
            .collect()
    }

    /// An embedded recipe by name.
    ///
    /// # Errors
    /// [`RecipeError::Unknown`], listing the names.
    pub fn embedded(name: &str) -> Result<Self, RecipeError> {
        Self::from_toml(embedded_text(name)?, name)
    }

    /// An embedded recipe by name, or a file by path (anything that ends in `.toml`).
    ///
    /// # Errors
    /// [`RecipeError`], naming the file and the key.
    pub fn open(name_or_path: &str) -> Result<Self, RecipeError> {
        let path = Path::new(name_or_path);
        if path.extension().is_none_or(|extension| extension != "toml") {
            return Self::embedded(name_or_path);
        }
        let text = std::fs::read_to_string(path)
            .map_err(|source| RecipeError::Read { path: path.into(), source })?;
        Self::from_toml(&text, name_or_path)
    }

    /// Reads a recipe from TOML; `origin` names it in errors.
    ///
    /// # Errors
    /// [`RecipeError`], naming the key.
    pub fn from_toml(text: &str, origin: &str) -> Result<Self, RecipeError> {
        let parsed = match resolve(text, origin, 0)? {
            Some(merged) => Self::deserialize(merged),
            // From the text, so that the message shows the line.
            None => toml::from_str(text),
        };
        let recipe = parsed.map_err(|error| RecipeError::Parse {
            origin: origin.into(),
            message: error.to_string(),
        })?;
        recipe.validate()?;
        Ok(recipe)
    }

    /// The recipe as TOML, with every value spelled out.
    ///
    /// # Errors
    /// None for a recipe that validates.
    pub fn to_toml(&self) -> Result<String, RecipeError> {
        toml::to_string(self).map_err(|error| RecipeError::Parse {
            origin: self.name.clone(),
            message: error.to_string(),
        })
    }

    /// Checks all values that do not depend on the data's shape.
    ///
    /// # Errors
    /// [`RecipeError::Range`] or [`RecipeError::Network`], with the value and the limit.
    pub fn validate(&self) -> Result<(), RecipeError> {
        let positive = |field, value: f64| {
            range(field, value, value > 0.0 && value.is_finite(), "positive and finite")
        };
        let count = |field, value: u64, limit: u64| {
            range(field, value, (1..=limit).contains(&value), format!("in 1..={limit}"))
        };
        let name_ok = !self.name.is_empty()
            && self.name.chars().all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c))
            && !self.name.starts_with('.');
        let name = format!("{:?}", self.name);
        range("name", name, name_ok, "letters, digits, '-', '_', '.' (it names a folder)")?;
        count("iterations", self.iterations, 1_000_000_000)?;
        range(
            "kl_weight",
            self.kl_weight,
            (0.0..f64::INFINITY).contains(&self.kl_weight),
            "0 or more, finite",
        )?;
        count("data.batch", self.data.batch as u64, 65_536)?;
        count("chains.count", self.chains.count as u64, 65_536)?;
        count("chains.steps", self.chains.steps as u64, 100_000)?;
        count("chains.sampling_steps", self.chains.sampling_steps as u64, 100_000)?;
        positive("chains.step_size", self.chains.step_size)?;
        if let Some(std) = self.chains.reference_std {
            positive("chains.reference_std", std)?;
        }
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
        count("evaluation.every", self.evaluation.every, 1_000_000_000)?;
        count("evaluation.checkpoint_every", self.evaluation.checkpoint_every, 1_000_000_000)?;
        count("evaluation.images", self.evaluation.images as u64, 1_024)?;
        // TOML has no larger integers.
        range(
            "seed",
            self.seed,
            i64::try_from(self.seed).is_ok(),
            format!("at most {}", i64::MAX),
        )?;
        self.energy.validate()?;
        self.vae.validate()?;
        Ok(())
    }

    /// The factor of both learning rates at an epoch.
    pub fn decay_at(&self, epoch: u64) -> f64 {
        self.optimiser.decay.powf(epoch as f64 / self.optimiser.decay_epochs)
    }
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

fn embedded_text(name: &str) -> Result<&'static str, RecipeError> {
    EMBEDDED.iter().find(|(known, _)| *known == name).map(|(_, text)| *text).ok_or_else(|| {
        RecipeError::Unknown {
            given: name.into(),
            known: EMBEDDED.iter().map(|(name, _)| *name).collect(),
        }
    })
}

/// Lays a recipe over the one that it extends; `None` if it extends none.
fn resolve(text: &str, origin: &str, depth: usize) -> Result<Option<toml::Table>, RecipeError> {
    let parse_error = |message: String| RecipeError::Parse { origin: origin.into(), message };
    let parse =
        |text: &str| text.parse::<toml::Table>().map_err(|error| parse_error(error.to_string()));
    let mut table = parse(text)?;
    let base = match table.remove("extends") {
        None => return Ok(None),
        Some(toml::Value::String(base)) => base,
        Some(other) => {
            return Err(parse_error(format!(
                "extends is {other}; it must be the name of a recipe"
            )));
        }
    };
    if depth == DEEPEST_EXTENDS {
        return Err(parse_error("extends goes in a circle".into()));
    }
    let base_text = embedded_text(&base)?;
    let mut merged = match resolve(base_text, &base, depth + 1)? {
        Some(merged) => merged,
        None => parse(base_text)?,
    };
    overlay(&mut merged, table);
    Ok(Some(merged))
}

/// Tables are merged key by key; any other value replaces the one below.
fn overlay(base: &mut toml::Table, over: toml::Table) {
    for (key, value) in over {
        match (base.get_mut(&key), value) {
            (Some(toml::Value::Table(base)), toml::Value::Table(over)) => overlay(base, over),
            (_, value) => {
                base.insert(key, value);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn embedded_recipes_are_valid_sorted_and_survive_a_round_trip() {
        assert!(EMBEDDED.is_sorted_by_key(|(name, _)| *name));
        for (name, _) in EMBEDDED {
            let recipe = Recipe::embedded(name).expect(name);
            assert_eq!(recipe.name, name);
            assert_eq!(
                Recipe::from_toml(&recipe.to_toml().expect(name), name).expect(name),
                recipe
            );
        }
    }

    /// The released settings, as the networks' constructors know them.
    #[test]
    fn mnist_has_the_released_networks_and_settings() {
        let recipe = Recipe::embedded("mnist").expect("embedded");
        assert_eq!(recipe.energy, ConvEnergyConfig::mnist());
        assert_eq!(recipe.vae, VaeConfig::mnist());
        let chains = ChainRecipe {
            count: 400,
            steps: 50,
            step_size: 0.001,
            noise: false,
            reference_std: Some(0.016),
            sampling_steps: 50,
        };
        assert_eq!(recipe.chains, chains);
        let optimiser = OptimiserRecipe {
            energy_learning_rate: 0.009,
            vae_learning_rate: 1e-4,
            beta_1: 0.5,
            beta_2: 0.999,
            epsilon: 1e-8,
            decay: 0.98,
            decay_epochs: 20.0,
        };
        assert_eq!(recipe.optimiser, optimiser);
        assert_eq!((recipe.data.batch, recipe.kl_weight), (400, 3.0));
        // ×0.98 every 20 epochs, continuously.
        assert!((recipe.decay_at(20) - 0.98).abs() < 1e-12);
        assert!((recipe.decay_at(10) - 0.98_f64.sqrt()).abs() < 1e-12);
    }

    #[test]
    fn an_extending_recipe_changes_only_what_it_says() {
        let text = "extends = \"mnist\"\nseed = 7\n[chains]\nnoise = true\n";
        let recipe = Recipe::from_toml(text, "test").expect("valid");
        let mut expected = Recipe::embedded("mnist").expect("embedded");
        expected.seed = 7;
        expected.chains.noise = true;
        assert_eq!(recipe, expected);
    }

    #[test]
    fn what_is_wrong_is_named() {
        let cases = [
            ("extends = \"mnist\"\nsteps = 3", "unknown field `steps`"),
            (
                "extends = \"mnist\"\n[chains]\nstep_size = -1.0",
                "chains.step_size is -1; it must be positive",
            ),
            ("extends = \"mnist\"\n[energy]\nlayers = []", "energy.layers is empty"),
            ("extends = \"nonsense\"", "embedded are digits, digits-quick"),
            ("extends = \"mnist\"\nname = \"../up\"", "name is \"../up\""),
            ("name = \"x\"", "missing field"),
            ("extends = \"mnist\"\n[vae]\nlatent = 0", "vae.latent is 0"),
            (
                "extends = \"mnist\"\n[[vae.decoder.layers]]\n\
                 channels = 16384\nkernel = 16384\nstride = 1\nsize = 28\nnorm = false",
                "at most 268435456 are allowed",
            ),
            ("not toml", "not valid"),
        ];
        for (text, expected) in cases {
            let message = Recipe::from_toml(text, "test").expect_err(text).to_string();
            assert!(message.contains(expected), "{text:?} gave {message:?}");
        }
    }
}
