//! Sources of recipes: embedded or in files, one laid over another, with single values set by hand.

use std::path::Path;

use serde::Deserialize;
use toml::{Table, Value};

use super::change::check_tables;
use super::{Recipe, Walls};
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
const EMBEDDED: [(&str, &str); 21] = embedded![
    "checkerboard",
    "cifar10",
    "cifar10-completion",
    "cifar10-small",
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
/// The suffix of the name of a quick variant.
const QUICK: &str = "-quick";
/// The largest depth of `extends`; more is a circle.
const DEEPEST_EXTENDS: usize = 8;
/// The keyword that removes a value.
const NONE: &str = "none";

/// An entry of the list of embedded recipes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecipeSummary {
    /// The name; with the suffix `-quick`, a check that everything runs.
    pub name: &'static str,
    /// A line that describes it.
    pub description: String,
}

impl Recipe {
    /// Returns the embedded recipes, sorted by name.
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

    /// Returns an embedded recipe by name, `NAME` or `NAME-quick`.
    ///
    /// # Errors
    /// [`RecipeError::Unknown`], listing the names.
    pub fn embedded(name: &str) -> Result<Self, RecipeError> {
        Self::open(name, false, &[])
    }

    /// Opens an embedded recipe by name, or a file by path (anything that ends in `.toml`); `quick`
    /// selects its quick variant. `settings` are `key=value` with dotted keys and TOML values (bare
    /// words are strings), laid over it as one layer.
    ///
    /// # Errors
    /// [`RecipeError`], naming the file and the key.
    pub fn open(name_or_path: &str, quick: bool, settings: &[String]) -> Result<Self, RecipeError> {
        Self::open_with(name_or_path, quick, settings, &StudentRegistry::default())
    }

    /// Opens a recipe like [`open`](Self::open), with `students` as the students that it may name.
    ///
    /// # Errors
    /// The errors of [`open`](Self::open).
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
            let recipe = read(&text, name_or_path, quick, settings, students)?;
            return recipe.check_supports().map(|()| recipe);
        }
        let base = name_or_path.strip_suffix(QUICK).unwrap_or(name_or_path);
        let text = embedded_text(base, name_or_path)?;
        let quick = quick || base != name_or_path;
        let recipe = read(text, name_or_path, quick, settings, students)?;
        recipe.check_supports().map(|()| recipe)
    }

    /// Reads a recipe from TOML; `origin` names it in errors.
    ///
    /// # Errors
    /// [`RecipeError`], naming the key.
    pub fn from_toml(text: &str, origin: &str) -> Result<Self, RecipeError> {
        Self::from_toml_with(text, origin, &StudentRegistry::default())
    }

    /// Parses a recipe like [`from_toml`](Self::from_toml), with `students` as the students that it
    /// may name.
    ///
    /// # Errors
    /// The errors of [`from_toml`](Self::from_toml).
    pub fn from_toml_with(
        text: &str,
        origin: &str,
        students: &StudentRegistry,
    ) -> Result<Self, RecipeError> {
        read(text, origin, false, &[], students)
    }

    /// Reads a resolved recipe of the time when `[student]` and `[condition]` held the keys of all
    /// kinds: those that do not belong to the kind were of no effect, and are dropped.
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

    /// Lays settings, as [`open`](Self::open) takes them, over the recipe of a run that
    /// [continues](Self::check_change).
    ///
    /// # Errors
    /// [`RecipeError::Fixed`] for a key that cannot change midway, or the errors of
    /// [`open`](Self::open).
    pub fn with_settings(&self, settings: &[String]) -> Result<Self, RecipeError> {
        self.with_settings_of(settings, &StudentRegistry::default())
    }

    /// Lays settings over the recipe like [`with_settings`](Self::with_settings), with `students`
    /// as the students that it may name.
    ///
    /// # Errors
    /// The errors of [`with_settings`](Self::with_settings).
    pub fn with_settings_of(
        &self,
        settings: &[String],
        students: &StudentRegistry,
    ) -> Result<Self, RecipeError> {
        let before = self.to_table()?;
        let mut after = before.clone();
        lay_settings(&mut after, settings, students)?;
        check_tables(&before, &after)?;
        let after = finish(after, &self.name, students)?;
        self.check_change(&after)?;
        Ok(after)
    }

    /// Returns the recipe as TOML, with every value spelled out.
    ///
    /// # Errors
    /// None for a recipe that validates.
    pub fn to_toml(&self) -> Result<String, RecipeError> {
        toml::to_string(self).map_err(|error| self.unwritable(error))
    }

    /// Returns the recipe as a table, with every value spelled out.
    pub(super) fn to_table(&self) -> Result<Table, RecipeError> {
        Table::try_from(self).map_err(|error| self.unwritable(error))
    }

    fn unwritable(&self, error: toml::ser::Error) -> RecipeError {
        RecipeError::Parse { origin: self.name.clone(), message: error.to_string() }
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
    lay_settings(&mut table, settings, students)?;
    finish(table, origin, students)
}

/// Lays `key=value` over a table as one layer, whatever their order: student.kind may come after
/// keys of that kind.
fn lay_settings(
    table: &mut Table,
    settings: &[String],
    students: &StudentRegistry,
) -> Result<(), RecipeError> {
    let mut layer = Table::new();
    for setting in settings {
        merge(&mut layer, set(setting)?);
    }
    rename_keys(&mut layer);
    overlay(table, layer, students);
    Ok(())
}

/// Reads the merged table and checks every key and value.
fn finish(table: Table, origin: &str, students: &StudentRegistry) -> Result<Recipe, RecipeError> {
    let recipe = Recipe::deserialize(table).map_err(|error| RecipeError::Parse {
        origin: origin.into(),
        message: one_line(&error.to_string()),
    })?;
    recipe.validate()?;
    recipe.student.with_settings(students, |settings| settings.validate(&recipe.parts()))?;
    Ok(recipe)
}

/// Joins the lines of a message of the parser, the last of which names the table: "in `student`".
/// That line is dropped if the message names the table already.
fn one_line(message: &str) -> String {
    match message.trim_end().split_once("\nin `") {
        Some((message, table)) if message.contains(table.trim_end_matches('`')) => message.into(),
        _ => message.trim_end().replace('\n', " "),
    }
}

fn embedded_text(name: &str, given: &str) -> Result<&'static str, RecipeError> {
    EMBEDDED.iter().find(|(known, _)| *known == name).map(|(_, text)| *text).ok_or_else(|| {
        RecipeError::Unknown {
            given: given.into(),
            known: EMBEDDED.iter().map(|(name, _)| *name).collect(),
        }
    })
}

/// Returns the table of a recipe, laid over the one that it extends.
fn resolve(
    text: &str,
    origin: &str,
    depth: usize,
    students: &StudentRegistry,
) -> Result<Table, RecipeError> {
    let parse_error = |message: String| RecipeError::Parse { origin: origin.into(), message };
    let mut table = text.parse::<Table>().map_err(|error| parse_error(error.to_string()))?;
    rename_keys(&mut table);
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

/// Replaces keys of earlier versions by today's: `chains.clamp`, a boolean, is `chains.walls`.
fn rename_keys(table: &mut Table) {
    if let Some(Value::Table(chains)) = table.get_mut("chains")
        && let Some(&Value::Boolean(clamp)) = chains.get("clamp")
        && !chains.contains_key("walls")
    {
        chains.remove("clamp");
        let walls = if clamp { Walls::Clamp } else { Walls::None };
        chains.insert("walls".into(), Value::String(walls.name().into()));
    }
}

/// Lays a table over another: tables are merged key by key, [`NONE`] removes a value, and any other
/// value replaces the one below. Where the upper table chooses another network, student or
/// condition, only the keys that belong to the new choice are kept of the lower one.
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

/// Merges a table into another of the same layer: nothing is removed yet.
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

/// Returns whether the table `name` chooses something else than the one below it.
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

/// Returns the keys that belong to the choice of the table `name`, but for the one that chooses;
/// `None` of networks, which share none.
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

/// Parses a setting such as `chains.noise=true` into a table.
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
mod tests;
