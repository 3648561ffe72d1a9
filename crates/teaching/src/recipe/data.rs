//! `[data]`: the data.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::chains::Walls;

/// The data.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DataRecipe {
    /// A data set's name in `datasets.toml`, a density's, or a path (which begins with `.` or holds
    /// a `/`): of a folder of PNG and JPEG pictures, or of an .npy or .npz file.
    pub set: String,
    /// The height and width that pictures of any size are scaled to, after a crop to the largest
    /// square about their centres; required for a folder that is named by its path. Other sets keep
    /// theirs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub side: Option<usize>,
    /// The number of channels of pictures, 1 (grey) or 3 (colours); 3 unless `datasets.toml` says
    /// otherwise. Other sets keep theirs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub channels: Option<usize>,
    /// The number n of images in a batch.
    pub batch: usize,
    /// The order of the data.
    #[serde(default)]
    pub shuffle: Shuffle,
    /// Whether images are mirrored with probability ½, again in every epoch; the released code does
    /// not.
    #[serde(default)]
    pub flip: bool,
    /// The number of black pixels that are added on each side of an image before a random part of
    /// the image's size is cut out, again in every epoch; 0 in the released code.
    #[serde(default)]
    pub crop: usize,
    /// The standard deviation of Gaussian noise that is added to data, fresh in every iteration; 0
    /// in the released code.
    #[serde(default)]
    pub noise_std: f64,
    /// The standard deviation that the noise of data has after `noise_decay_iterations`, and from
    /// then on; until then it changes geometrically. None keeps `noise_std`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub noise_std_end: Option<f64>,
    /// The number of iterations in which the noise of data goes from `noise_std` to
    /// `noise_std_end`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub noise_decay_iterations: Option<u64>,
    /// The walls of the box [−1, 1] for data with noise, the same as those for chains.
    #[serde(default)]
    pub walls: Walls,
}

/// The order of the data.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Shuffle {
    /// The order in which they are stored, as the released code does for CIFAR-10.
    Never,
    /// One random order for all epochs, as the released code does for MNIST.
    Once,
    /// A different random order in each epoch.
    #[default]
    EveryEpoch,
}
