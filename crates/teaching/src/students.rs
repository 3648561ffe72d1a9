//! The built-in students, one file each, and the recipe that chooses among them.

mod batches;
mod buffer;
mod data;
mod decoding;
mod generator;
mod noise;
mod prior;
mod replay;
mod vae_on_data;
mod variational;

use schemars::JsonSchema;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};
use toml::Table;

pub use data::DataStudentRecipe;
pub use generator::GeneratorRecipe;
pub use noise::NoiseRecipe;
pub use prior::{KlPrior, MixtureRecipe, PriorRecipe};
pub use replay::ReplayRecipe;
pub use vae_on_data::VaeOnDataRecipe;
pub use variational::VariationalRecipe;

use crate::RecipeError;
use crate::keys::{check_keys, one_line, take_kind};
use crate::part::Part;
use crate::registry::{StudentRegistry, StudentSettings};

/// Declares [`StudentRecipe`] and the code that is derived from its list of kinds.
macro_rules! built_in {
    ($($(#[$doc:meta])* $kind:ident($settings:ty) = $name:literal,)*) => {
        /// The student: where chains start, and what it learns from their last states.
        /// `student.kind` selects it; the keys of that kind are beside it.
        #[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
        #[serde(tag = "kind")]
        #[non_exhaustive]
        pub enum StudentRecipe {
            $($(#[$doc])* #[serde(rename = $name)] $kind($settings),)*
            /// A student of a [`StudentRegistry`] that is not built in.
            #[serde(untagged)]
            #[schemars(skip)]
            Custom(CustomStudent),
        }

        impl StudentRecipe {
            /// Returns the value of `student.kind`.
            pub fn kind(&self) -> &str {
                match self {
                    $(Self::$kind(_) => $name,)*
                    Self::Custom(custom) => &custom.kind,
                }
            }

            /// Returns the settings, unless they are those of a custom student.
            pub(crate) fn built_in(&self) -> Option<&dyn StudentSettings> {
                match self {
                    $(Self::$kind(settings) => Some(settings),)*
                    Self::Custom(_) => None,
                }
            }

            fn read(kind: &str, table: Table) -> Result<Self, toml::de::Error> {
                match kind {
                    $($name => <$settings>::deserialize(table).map(Self::$kind),)*
                    _ => {
                        let custom = CustomStudent { kind: kind.into(), settings: table };
                        Ok(Self::Custom(custom))
                    }
                }
            }
        }

        impl Default for StudentRegistry {
            /// Returns the built-in students.
            fn default() -> Self {
                let registry = Self::empty();
                $(let registry = registry.with::<$settings>($name);)*
                registry
            }
        }

        $(impl From<$settings> for StudentRecipe {
            fn from(settings: $settings) -> Self {
                Self::$kind(settings)
            }
        })*
    };
}

built_in! {
    /// A VAE's decoder; the VAE learns from where chains end: variational MCMC teaching.
    Variational(VariationalRecipe) = "variational",
    /// A generator that keeps each chain's code: MCMC teaching, or CoopNets (Xie, Lu, Gao, Zhu, Wu,
    /// AAAI 2018).
    Generator(GeneratorRecipe) = "generator",
    /// The student that starts chains at uniform noise and learns nothing: short-run MCMC (Nijkamp,
    /// Hill, Zhu, Wu, NeurIPS 2019).
    Noise(NoiseRecipe) = "noise",
    /// The last states of earlier chains, nothing learned: persistent contrastive divergence with a
    /// buffer (Tieleman, ICML 2008; Du and Mordatch, NeurIPS 2019).
    Replay(ReplayRecipe) = "replay",
    /// The data, nothing learned: contrastive divergence (Hinton 2002).
    Data(DataStudentRecipe) = "data",
    /// A VAE that learns from the data, without an energy: the baseline of variational teaching.
    VaeOnData(VaeOnDataRecipe) = "vae-on-data",
}

/// The settings of a student that is not built in, as the recipe has them; its [`StudentSettings`]
/// read them.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct CustomStudent {
    /// The name in the [`StudentRegistry`].
    pub kind: String,
    /// The other keys.
    #[serde(flatten)]
    pub settings: Table,
}

impl CustomStudent {
    /// Creates the recipe of a student of a [`StudentRegistry`].
    pub fn new(kind: impl Into<String>, settings: Table) -> Self {
        Self { kind: kind.into(), settings }
    }
}

impl From<CustomStudent> for StudentRecipe {
    fn from(custom: CustomStudent) -> Self {
        Self::Custom(custom)
    }
}

impl StudentRecipe {
    /// Returns whether runs with this student have a part; of a custom student nothing is known.
    pub fn has(&self, part: Part) -> bool {
        StudentRegistry::default().having(part).contains(&self.kind())
    }

    /// Calls `f` with the settings; those of a custom student are read by its kind in the registry.
    pub(crate) fn with_settings<T, E: From<RecipeError>>(
        &self,
        registry: &StudentRegistry,
        f: impl FnOnce(&dyn StudentSettings) -> Result<T, E>,
    ) -> Result<T, E> {
        match self {
            Self::Custom(custom) => {
                let kind = registry.kind(&custom.kind)?;
                f(&*kind.read(custom.settings.clone())?)
            }
            _ => f(self.built_in().expect("every other student is built in")),
        }
    }
}

impl<'de> Deserialize<'de> for StudentRecipe {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut table = Table::deserialize(deserializer)?;
        let kind = take_kind("student", &mut table).map_err(D::Error::custom)?;
        // The keys of a custom student are checked where its kind is known.
        if let Some(keys) = StudentRegistry::default().keys(&kind) {
            check_keys("student", &kind, keys, &table).map_err(D::Error::custom)?;
        }
        Self::read(&kind, table).map_err(|error| D::Error::custom(one_line(&error)))
    }
}
