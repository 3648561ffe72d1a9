//! Where recipes come from: embedded or in files, one laid over another, single values set by hand.

use std::path::Path;

use serde::Deserialize;
use toml::{Table, Value};

use super::Recipe;
use crate::RecipeError;
use crate::condition::ConditionRecipe;
use crate::keys::KIND;
use crate::registry::StudentRegistry;

macro_rules! embedded {
    ($($name:literal),* $(,)?) => {
        [$(($name, include_str!(concat!("../../recipes/", $name, ".toml")))),*]
    };
}

/// The embedded recipes, sorted by name.
const EMBEDDED: [(&str, &str); 20] = embedded![
    "checkerboard",
    "cifar10",
    "cifar10-completion",
    "coopnets",
    "digits",
    "digits-by-class",
    "digits-completion",
    "eight-gaussians",
    "facades",
    "fashion-by-class",
    "fashion-mnist",
    "fashion-mnist-small",
    "mnist",
    "mnist-by-class",
    "mnist-small",
    "openmoji",
    "replay",
    "rings",
    "short-run",
    "two-moons",
];
/// What follows a name to ask for its quick variant.
const QUICK: &str = "-quick";
/// How deep `extends` may go; more is a circle.
const DEEPEST_EXTENDS: usize = 8;
/// The word that takes a value away.
const NONE: &str = "none";

/// A line of the list of embedded recipes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecipeSummary {
    /// The name; with `-quick` behind it, a check that everything runs.
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

    /// An embedded recipe by name, `NAME` or `NAME-quick`.
    ///
    /// # Errors
    /// [`RecipeError::Unknown`], listing the names.
    pub fn embedded(name: &str) -> Result<Self, RecipeError> {
        Self::open(name, false, &[])
    }

    /// An embedded recipe by name, or a file by path (anything that ends in `.toml`); `quick` takes its quick
    /// variant. `settings` are `key=value` with dotted keys and TOML values (bare words are strings), laid over it.
    ///
    /// # Errors
    /// [`RecipeError`], naming the file and the key.
    pub fn open(name_or_path: &str, quick: bool, settings: &[String]) -> Result<Self, RecipeError> {
        Self::open_with(name_or_path, quick, settings, &StudentRegistry::default())
    }

    /// As [`open`](Self::open), for recipes whose student is one of `students`.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub fn open_with(
        name_or_path: &str,
        quick: bool,
        settings: &[String],
        students: &StudentRegistry,
    ) -> Result<Self, RecipeError> {
        let path = Path::new(name_or_path);
        if path.extension().is_some_and(|extension| extension == "toml") {
            let text = std::fs::read_to_string(path)
                .map_err(|source| RecipeError::Read { path: path.into(), source })?;
            return read(&text, name_or_path, quick, settings, students);
        }
        let base = name_or_path.strip_suffix(QUICK).unwrap_or(name_or_path);
        let text = embedded_text(base, name_or_path)?;
        read(text, name_or_path, quick || base != name_or_path, settings, students)
    }

    /// Reads a recipe from TOML; `origin` names it in errors.
    ///
    /// # Errors
    /// [`RecipeError`], naming the key.
    pub fn from_toml(text: &str, origin: &str) -> Result<Self, RecipeError> {
        Self::from_toml_with(text, origin, &StudentRegistry::default())
    }

    /// As [`from_toml`](Self::from_toml), for recipes whose student is one of `students`.
    ///
    /// # Errors
    /// As [`from_toml`](Self::from_toml).
    pub fn from_toml_with(
        text: &str,
        origin: &str,
        students: &StudentRegistry,
    ) -> Result<Self, RecipeError> {
        read(text, origin, false, &[], students)
    }

    /// Reads a resolved recipe of the time when `[student]` and `[condition]` held the keys of all kinds: those that
    /// do not belong to the kind were of no effect, and are dropped.
    pub(crate) fn from_toml_of_all_keys(text: &str, origin: &str) -> Result<Self, RecipeError> {
        let students = StudentRegistry::default();
        let mut table = resolve(text, origin, 0, &students)?;
        for (name, value) in &mut table {
            if let Value::Table(value) = value
                && let Some(keys) = keys_of_choice(name, value, &students)
            {
                value.retain(|key, _| key == KIND || keys.contains(&key));
            }
        }
        finish(table, origin, &students)
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
}

fn read(
    text: &str,
    origin: &str,
    quick: bool,
    settings: &[String],
    students: &StudentRegistry,
) -> Result<Recipe, RecipeError> {
    let mut table = resolve(text, origin, 0, students)?;
    let variant = table.remove("quick");
    if quick {
        let Some(Value::Table(variant)) = variant else {
            let message = "it has no quick variant, no table [quick]".into();
            return Err(RecipeError::Parse { origin: origin.into(), message });
        };
        if let Some(Value::String(name)) = table.get_mut("name") {
            name.push_str(QUICK);
        }
        overlay(&mut table, variant, students);
    }
    // One layer, whatever their order: student.kind may come after keys of that kind.
    let mut layer = Table::new();
    for setting in settings {
        merge(&mut layer, set(setting)?);
    }
    overlay(&mut table, layer, students);
    finish(table, origin, students)
}

/// Reads the merged table and checks every key and value.
fn finish(table: Table, origin: &str, students: &StudentRegistry) -> Result<Recipe, RecipeError> {
    let recipe = Recipe::deserialize(table).map_err(|error| RecipeError::Parse {
        origin: origin.into(),
        message: error.to_string(),
    })?;
    recipe.validate()?;
    recipe.student.with_settings(students, |settings| settings.validate(&recipe.parts()))?;
    Ok(recipe)
}

fn embedded_text(name: &str, given: &str) -> Result<&'static str, RecipeError> {
    EMBEDDED.iter().find(|(known, _)| *known == name).map(|(_, text)| *text).ok_or_else(|| {
        RecipeError::Unknown {
            given: given.into(),
            known: EMBEDDED.iter().map(|(name, _)| *name).collect(),
        }
    })
}

/// The recipe's table, laid over the one that it extends.
fn resolve(
    text: &str,
    origin: &str,
    depth: usize,
    students: &StudentRegistry,
) -> Result<Table, RecipeError> {
    let parse_error = |message: String| RecipeError::Parse { origin: origin.into(), message };
    let mut table = text.parse::<Table>().map_err(|error| parse_error(error.to_string()))?;
    let base = match table.remove("extends") {
        None => return Ok(table),
        Some(Value::String(base)) => base,
        Some(other) => {
            return Err(parse_error(format!(
                "extends is {other}; it must be the name of a recipe"
            )));
        }
    };
    if depth == DEEPEST_EXTENDS {
        return Err(parse_error("extends goes in a circle".into()));
    }
    let mut merged = resolve(embedded_text(&base, &base)?, &base, depth + 1, students)?;
    overlay(&mut merged, table, students);
    Ok(merged)
}

/// Lays a table over another: tables are merged key by key, [`NONE`] takes a value away, and any other value replaces
/// the one below. Where the upper table chooses another network, student or condition, only the keys that belong to
/// the new choice are kept of the lower one.
fn overlay(base: &mut Table, over: Table, students: &StudentRegistry) {
    for (key, value) in over {
        match (base.get_mut(&key), value) {
            (Some(Value::Table(base)), Value::Table(over)) => {
                if changes_choice(&key, base, &over) {
                    let keys = keys_of_choice(&key, &over, students).unwrap_or_default();
                    base.retain(|key, _| keys.contains(&key));
                }
                overlay(base, over, students);
            }
            (_, Value::String(word)) if word == NONE => {
                base.remove(&key);
            }
            (_, value) => {
                base.insert(key, value);
            }
        }
    }
}

/// As [`overlay`], within a layer: nothing is taken away.
fn merge(base: &mut Table, over: Table) {
    for (key, value) in over {
        match (base.get_mut(&key), value) {
            (Some(Value::Table(base)), Value::Table(over)) => merge(base, over),
            (_, value) => {
                base.insert(key, value);
            }
        }
    }
}

/// Whether the table `name` chooses something else than the one below it.
fn changes_choice(name: &str, base: &Table, over: &Table) -> bool {
    let (key, default) = match name {
        "energy" => ("network", Some("conv")),
        "student" | "condition" => (KIND, None),
        _ => return false,
    };
    let choice =
        |table: &Table| table.get(key).and_then(Value::as_str).or(default).map(str::to_owned);
    over.contains_key(key) && choice(base) != choice(over)
}

/// The keys that belong to the choice of the table `name`, but for the one that chooses. Networks share none.
fn keys_of_choice(
    name: &str,
    table: &Table,
    students: &StudentRegistry,
) -> Option<&'static [&'static str]> {
    let kind = table.get(KIND).and_then(Value::as_str)?;
    match name {
        "student" => students.keys(kind),
        "condition" => ConditionRecipe::keys(kind),
        _ => None,
    }
}

/// `chains.noise=true` as a table.
fn set(setting: &str) -> Result<Table, RecipeError> {
    let wrong = |message: &str| RecipeError::Parse {
        origin: format!("setting {setting:?}"),
        message: message.into(),
    };
    let (key, value) = setting
        .split_once('=')
        .ok_or_else(|| wrong("it must be key=value, as in chains.steps=30"))?;
    let (key, value) = (key.trim(), value.trim());
    // A bare word is a string.
    [format!("{key} = {value}"), format!("{key} = {value:?}")]
        .iter()
        .find_map(|line| line.parse::<Table>().ok())
        .ok_or_else(|| wrong("the key must be a recipe's key, as in chains.steps=30"))
}

#[cfg(test)]
mod tests {
    use ebm_networks::{ConvEnergyConfig, EnergyConfig};
    use ebm_vae::VaeConfig;

    use super::*;
    use crate::{
        ChainRecipe, HiddenCondition, OptimiserRecipe, Shuffle, StudentRecipe, VaeOnDataRecipe,
        VariationalRecipe,
    };

    #[test]
    fn embedded_recipes_are_valid_sorted_and_survive_a_round_trip() {
        assert!(EMBEDDED.is_sorted_by_key(|(name, _)| *name));
        for (name, _) in EMBEDDED {
            for name in [name.to_owned(), format!("{name}{QUICK}")] {
                let recipe = Recipe::embedded(&name).expect(&name);
                assert_eq!(recipe.name, name);
                let text = recipe.to_toml().expect(&name);
                assert_eq!(Recipe::from_toml(&text, &name).expect(&name), recipe);
            }
        }
    }

    /// The released settings, as the networks' constructors know them.
    #[test]
    fn mnist_has_the_released_networks_and_settings() {
        let recipe = Recipe::embedded("mnist").expect("embedded");
        assert_eq!(recipe.energy, ConvEnergyConfig::mnist().into());
        assert_eq!(recipe.vae, VaeConfig::mnist());
        let chains = ChainRecipe {
            count: 400,
            steps: 50,
            step_size: 0.001,
            noise: false,
            noise_until_epoch: None,
            reference_std: Some(0.016),
            temperature: 1.0,
            gradient_clip: None,
            clamp: false,
            sampling_steps: 30,
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
            decay_iterations: None,
            energy_regulariser: 0.0,
            condition_weight: 0.0,
            ema_decay: None,
        };
        assert_eq!(recipe.optimiser, optimiser);
        assert_eq!(recipe.student, VariationalRecipe::new(3.0).into());
        assert_eq!(recipe.data.batch, 400);
        // ×0.98 every 20 epochs, continuously.
        assert!((recipe.decay_at(3, 20) - 0.98).abs() < 1e-12);
        assert!((recipe.decay_at(3, 10) - 0.98_f64.sqrt()).abs() < 1e-12);
        // Or by iterations, whatever the epoch.
        let mut recipe = recipe;
        recipe.optimiser.decay_iterations = Some(6);
        assert!((recipe.decay_at(3, 10) - 0.98_f64.sqrt()).abs() < 1e-12);
    }

    /// The released settings; the networks have the released parameter counts in their own crates.
    #[test]
    fn cifar10_has_the_released_networks_and_settings() {
        let recipe = Recipe::embedded("cifar10").expect("embedded");
        assert_eq!(recipe.energy, ConvEnergyConfig::cifar().into());
        assert_eq!(recipe.vae, VaeConfig::cifar());
        let chains = &recipe.chains;
        assert_eq!((chains.count, chains.steps, chains.sampling_steps), (900, 15, 30));
        assert_eq!((chains.step_size, chains.reference_std), (0.002, Some(0.016)));
        assert_eq!(recipe.student, VariationalRecipe::new(2.0).into());
        assert_eq!(recipe.data.batch, 250);
        assert_eq!(recipe.data.shuffle, Shuffle::Never);
        let optimiser = &recipe.optimiser;
        let rates = (optimiser.energy_learning_rate, optimiser.vae_learning_rate);
        assert_eq!((rates, optimiser.decay), ((0.009, 2e-4), 0.98));
    }

    /// Drift s·∇U and noise r of other programs, from δ and the temperature.
    #[test]
    fn steps_of_other_programs() {
        for (name, drift, noise) in [("short-run", 1.0, 0.01), ("replay", 40.0, 0.01)] {
            let chains = Recipe::embedded(name).expect(name).chains;
            let s = 0.5 * chains.step_size.powi(2) / chains.temperature;
            assert!((s / drift - 1.0).abs() < 1e-12 && chains.step_size == noise, "{name}: {s}");
        }
    }

    /// A residual network over a convolutional recipe: the layers below are not its keys.
    #[test]
    fn another_network_replaces_the_one_below() {
        let text = "extends = \"mnist\"\n[energy]\nnetwork = \"residual\"\nchannels = [8, 16]\n\
                    blocks = 1\nspectral_norm = true\n";
        let recipe = Recipe::from_toml(text, "test").expect("valid");
        assert!(matches!(recipe.energy, EnergyConfig::Residual(_)));
        let text = recipe.to_toml().expect("valid");
        assert_eq!(Recipe::from_toml(&text, "test").expect("valid"), recipe);
    }

    #[test]
    fn an_extending_recipe_changes_only_what_it_says() {
        let text =
            "extends = \"mnist\"\nseed = 7\n[chains]\nnoise = true\nreference_std = \"none\"";
        let recipe = Recipe::from_toml(text, "test").expect("valid");
        let mut expected = Recipe::embedded("mnist").expect("embedded");
        expected.seed = 7;
        expected.chains.noise = true;
        expected.chains.reference_std = None;
        assert_eq!(recipe, expected);
        let settings = ["seed=7", "chains.noise = true", "chains.reference_std=none"];
        let set = Recipe::open("mnist", false, &settings.map(String::from)).expect("valid");
        assert_eq!(set, expected);
        let student = Recipe::open("mnist", true, &["student.kind=replay".into()]).expect("valid");
        assert_eq!((student.student.kind(), &*student.name), ("replay", "mnist-quick"));
    }

    /// Another kind keeps the keys that it shares with the one below, and drops the others.
    #[test]
    fn another_kind_keeps_the_keys_that_it_shares() {
        let open = |name: &str, settings: &[&str]| {
            let settings: Vec<_> = settings.iter().map(ToString::to_string).collect();
            Recipe::open(name, false, &settings)
        };
        let student = open("openmoji", &["student.kind=vae-on-data"]).expect("valid").student;
        let mut expected = VaeOnDataRecipe::new(0.05);
        expected.ema_decay = Some(0.995);
        assert_eq!(student, expected.into());
        // A key may stand before its kind.
        let settings = ["student.latent_steps=5", "student.kind=generator"];
        let student = open("two-moons", &settings).expect("valid").student;
        let StudentRecipe::Generator(generator) = &student else { panic!("{student:?}") };
        assert_eq!((generator.latent_steps, generator.decoder_std), (5, 0.1));
        // The hole is not a key of pairs.
        let condition = open("facades", &["condition.kind=hidden"]).expect("valid").condition;
        assert_eq!(condition, Some(HiddenCondition::default().into()));
    }

    #[test]
    fn noise_ends_at_its_epoch() {
        let settings = ["chains.noise=true", "chains.noise_until_epoch=3"].map(String::from);
        let recipe = Recipe::open("mnist", false, &settings).expect("valid");
        assert_eq!([2, 3].map(|epoch| recipe.noise_at(epoch)), [true, false]);
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
            ("extends = \"nonsense\"", "embedded are checkerboard, cifar10, cifar10-completion"),
            ("extends = \"mnist\"\nname = \"../up\"", "name is \"../up\""),
            ("name = \"x\"", "missing field"),
            ("extends = \"mnist\"\n[vae]\nlatent = 0", "vae.latent is 0"),
            (
                "extends = \"mnist\"\n[student]\nkind = \"teacher\"",
                "must be one of variational, generator, noise",
            ),
            (
                "extends = \"mnist\"\n[student]\nkind = \"data\"\n[data]\nbatch = 100",
                "chains.count is 400; it must be at most data.batch",
            ),
            (
                "extends = \"mnist\"\n[student]\nkind = \"replay\"\nbuffer = 300",
                "student.buffer is 300; it must be in 400..=",
            ),
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
        for (setting, expected) in [
            ("chains.steps", "key=value"),
            (
                "student.buffer=5",
                "student.buffer does not belong to student.kind = \"variational\", whose keys are \
                 kl_weight, decoder_std, latent_step_size, ema_decay",
            ),
            ("chains.stepz=3", "unknown field `stepz`"),
            ("chains.steps=many", "invalid type: string \"many\""),
            ("a b=3", "the key must be"),
        ] {
            let error = Recipe::open("mnist", false, &[setting.into()]).expect_err(setting);
            assert!(error.to_string().contains(expected), "{setting:?} gave {error}");
        }
    }
}
