//! The records of a run's folder.

use ebm::teaching::RecipeChange;
use serde::{Deserialize, Serialize};

use crate::plane::PlaneMetrics;

/// A line of `samples.jsonl`. A diversity is the mean distance between two images of a set.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) struct SampleMetrics {
    pub(crate) iteration: u64,
    pub(crate) diversity_data: Option<f64>,
    pub(crate) diversity_x0: Option<f64>,
    pub(crate) diversity_refined: Option<f64>,
    /// The kernel distances to the preview data, which are few: in the features of the data set's
    /// classifier, or else in pixels.
    pub(crate) kernel_distance_x0: Option<f64>,
    pub(crate) kernel_distance_refined: Option<f64>,
    /// The fractions of samples that a classifier assigns to the class of their condition.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) accuracy_x0: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) accuracy_refined: Option<f64>,
    /// The metrics in the plane, for data that are drawn from a known density.
    #[serde(flatten)]
    pub(crate) plane: Option<PlaneMetrics>,
}

/// The content of `run.json`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct RunInfo {
    pub(crate) name: String,
    pub(crate) description: String,
    pub(crate) version: String,
    pub(crate) device_asked: String,
    pub(crate) device: String,
    pub(crate) first_iteration: u64,
    pub(crate) iterations_done: u64,
    /// The time of training in this folder, that of iterations made again included.
    pub(crate) elapsed_secs: f64,
    /// The times that the run went on from a checkpoint.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) resumed: Vec<Resumed>,
}

/// A time that a run went on from a checkpoint.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Resumed {
    /// The iteration of the checkpoint.
    pub(crate) iteration: u64,
    pub(crate) checkpoint: String,
    pub(crate) version: String,
    pub(crate) device_asked: String,
    pub(crate) device: String,
    /// What the recipe has changed against the one in the checkpoint.
    pub(crate) changes: Vec<RecipeChange>,
}

/// A line of `guard.jsonl`: an alarm or a roll-back.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct GuardRecord {
    pub(crate) iteration: u64,
    pub(crate) message: String,
}

impl GuardRecord {
    pub(crate) fn new(iteration: u64, message: String) -> Self {
        Self { iteration, message }
    }
}
