//! Joint training of an energy and a student that starts its chains: variational MCMC teaching
//! (Xie, Zheng, Li, "Learning Energy-Based Model with Variational Auto-Encoder as Amortized
//! Sampler", AAAI 2021).
//!
//! A [`Recipe`] describes a run completely. A [`Trainer`] holds both models and makes one iteration
//! of Algorithm 1 at a time; [`train`] iterates it and passes [`Event`]s to [`Listener`]s. A
//! [`Student`] starts the chains and may learn from where they end; a [`StudentRegistry`] makes one
//! of your own available to recipes. Nothing here prints or knows where images come from.
//!
//! ```
//! use burn::tensor::{Device, Tensor};
//! use ebm_teaching::{Batch, Recipe, Trainer};
//! use ebm_tensor::ImageShape;
//!
//! let mut recipe = Recipe::embedded("digits")?;
//! (recipe.chains.count, recipe.chains.steps) = (4, 2);
//! let device = Device::flex();
//! let mut trainer = Trainer::new(recipe, ImageShape::new(1, 28), &device)?;
//! let data = Tensor::<4>::zeros([4, 1, 28, 28], &device);
//! let metrics = trainer.step(Batch::new(data, 0))?;
//! assert_eq!((metrics.iteration, trainer.iteration()), (0, 1));
//! assert!(metrics.reconstruction > Some(0.0));
//! # Ok::<(), ebm_teaching::TeachingError>(())
//! ```

mod batch;
mod change;
mod checkpoint;
mod condition;
mod control;
mod error;
mod files;
mod guard;
mod health;
mod inference;
mod keys;
mod metrics;
mod model;
mod parallel;
mod part;
mod recipe;
mod registry;
mod samples;
mod student;
mod students;
mod train;
mod trainer;

pub use batch::Batch;
pub use change::RecipeChange;
pub use checkpoint::{CHECKPOINT_STATE, checkpoint_name};
pub use condition::{
    ClassCondition, ConditionHalf, ConditionRecipe, HiddenCondition, Hole, PairCondition,
};
pub use control::MOST_DECAY;
pub use error::{RecipeError, TeachingError};
pub use files::{CheckpointReader, CheckpointWriter, is_finite};
pub use guard::{Alarm, GuardedMetric};
pub use health::Examination;
pub use metrics::StepMetrics;
pub use model::Model;
pub use part::Part;
pub use recipe::{
    Actuator, ChainRecipe, ControlRecipe, DataRecipe, EvaluationRecipe, GuardPolicy, GuardRecipe,
    OptimiserRecipe, Recipe, RecipeSummary, Shuffle, Walls,
};
pub use registry::{RecipeParts, StudentRegistry, StudentSettings, StudentSetup};
pub use samples::{SampleRequest, Samples};
pub use student::{InitialStates, StartRequest, Student, StudentLoss, TrainedDecoder, Update};
pub use students::{
    CustomStudent, DataStudentRecipe, GeneratorRecipe, KlPrior, MixtureRecipe, NoiseRecipe,
    PriorRecipe, ReplayRecipe, StudentRecipe, VaeOnDataRecipe, VariationalRecipe,
};
pub use train::{Ending, Event, Listener, RollBack, train};
pub use trainer::Trainer;

#[doc = include_str!("../README.md")]
#[cfg(doctest)]
struct Readme;
