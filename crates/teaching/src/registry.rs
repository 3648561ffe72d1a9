//! Kinds of students: how a recipe's `[student]` table becomes a [`Student`].

use std::fmt;

use burn::tensor::Device;
use ebm_noise::Key;
use ebm_tensor::{ConditionShape, ImageShape};
use ebm_vae::VaeConfig;
use serde::de::DeserializeOwned;
use toml::Table;

use crate::condition::ConditionRecipe;
use crate::keys::{check_keys, keys_of, one_line};
use crate::part::Part;
use crate::recipe::chains::ChainRecipe;
use crate::recipe::data::DataRecipe;
use crate::recipe::optimiser::OptimiserRecipe;
use crate::student::Student;
use crate::{RecipeError, TeachingError};

/// The settings of a kind of student: the keys of its `[student]` table but for `kind`.
///
/// A type that implements [`serde::Deserialize`] by derive, with `#[serde(deny_unknown_fields)]`.
pub trait StudentSettings {
    /// Returns the parts of a run with this student. The default is an energy alone.
    fn parts() -> &'static [Part]
    where
        Self: Sized,
    {
        &[Part::Energy]
    }

    /// Checks the values of the settings, on their own and against the rest of the recipe. The
    /// default accepts all.
    ///
    /// # Errors
    /// [`RecipeError::Range`], naming the key.
    fn validate(&self, _recipe: &RecipeParts<'_>) -> Result<(), RecipeError> {
        Ok(())
    }

    /// Creates the student at the start of a run.
    ///
    /// # Errors
    /// [`TeachingError::Recipe`], if its networks do not fit the images.
    fn build(&self, setup: &StudentSetup<'_>) -> Result<Box<dyn Student>, TeachingError>;
}

/// The parts of a recipe that a student may depend on.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct RecipeParts<'a> {
    /// The settings in `[data]`.
    pub data: &'a DataRecipe,
    /// The settings in `[condition]`, for a conditional model.
    pub condition: Option<&'a ConditionRecipe>,
    /// The settings in `[chains]`.
    pub chains: &'a ChainRecipe,
    /// The settings in `[optimiser]`.
    pub optimiser: &'a OptimiserRecipe,
    /// The settings in `[vae]`.
    pub vae: &'a VaeConfig,
}

/// The inputs from which a student is built.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct StudentSetup<'a> {
    /// The recipe.
    pub recipe: RecipeParts<'a>,
    /// The shape of the images.
    pub image: ImageShape,
    /// The key of the initial parameters and states.
    pub key: Key,
    /// The device, without autodiff.
    pub device: &'a Device,
}

impl StudentSetup<'_> {
    /// Returns the shape of the conditions of a conditional model.
    pub fn condition_shape(&self) -> Option<ConditionShape> {
        self.recipe.condition.map(|condition| condition.shape(self.image))
    }
}

/// The kinds of students that recipes can choose: by default the [built-in](crate::StudentRecipe)
/// ones.
#[derive(Clone, Debug)]
pub struct StudentRegistry {
    kinds: Vec<Kind>,
}

/// A kind of student.
#[derive(Clone, Copy)]
pub(crate) struct Kind {
    pub(crate) name: &'static str,
    pub(crate) keys: &'static [&'static str],
    pub(crate) parts: &'static [Part],
    read: fn(Table) -> Result<Box<dyn StudentSettings>, toml::de::Error>,
}

impl StudentRegistry {
    /// Creates a registry that knows no kind at all.
    pub(crate) fn empty() -> Self {
        Self { kinds: Vec::new() }
    }

    /// Adds a kind: `name` is the value of `student.kind` that chooses it.
    ///
    /// # Panics
    /// If there is a kind of this name.
    #[must_use]
    pub fn with<S>(mut self, name: &'static str) -> Self
    where
        S: StudentSettings + DeserializeOwned + 'static,
    {
        assert!(self.find(name).is_none(), "there is a student {name:?} already");
        let read = |table: Table| -> Result<Box<dyn StudentSettings>, toml::de::Error> {
            Ok(Box::new(S::deserialize(table)?))
        };
        self.kinds.push(Kind { name, keys: keys_of::<S>(), parts: S::parts(), read });
        self
    }

    /// Returns the names of all kinds.
    pub fn names(&self) -> impl Iterator<Item = &'static str> {
        self.kinds.iter().map(|kind| kind.name)
    }

    /// Returns the keys of a kind but for `kind` itself, or `None` if there is no such kind.
    pub fn keys(&self, name: &str) -> Option<&'static [&'static str]> {
        self.find(name).map(|kind| kind.keys)
    }

    /// Returns the names of the kinds that have a part.
    pub fn having(&self, part: Part) -> Vec<&'static str> {
        let having = self.kinds.iter().filter(|kind| kind.parts.contains(&part));
        having.map(|kind| kind.name).collect()
    }

    /// Returns a kind by name.
    ///
    /// # Errors
    /// [`RecipeError::Range`], listing the names.
    pub(crate) fn kind(&self, name: &str) -> Result<&Kind, RecipeError> {
        self.find(name).ok_or_else(|| RecipeError::Range {
            field: "student.kind".into(),
            given: format!("{name:?}"),
            expected: format!("one of {}", self.names().collect::<Vec<_>>().join(", ")),
        })
    }

    fn find(&self, name: &str) -> Option<&Kind> {
        self.kinds.iter().find(|kind| kind.name == name)
    }
}

impl Kind {
    /// Reads the settings of this kind from a `[student]` table without its `kind`.
    pub(crate) fn read(&self, table: Table) -> Result<Box<dyn StudentSettings>, RecipeError> {
        check_keys("student", self.name, self.keys, &table)?;
        (self.read)(table)
            .map_err(|error| RecipeError::Table { table: "student", message: one_line(&error) })
    }
}

impl fmt::Debug for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}
