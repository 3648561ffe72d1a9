//! `[data]`: what is learned from.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What is learned from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DataRecipe {
    /// A data set's name in `datasets.toml`, a density's, or a path (which begins with `.` or holds a `/`): of a folder
    /// of PNG and JPEG pictures, or of an .npy or .npz file.
    pub set: String,
    /// Height and width that pictures of any size are scaled to, after a crop to the largest square about their
    /// centres; needed for a folder that is named by its path. Other sets keep theirs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub side: Option<usize>,
    /// 1 (grey) or 3 (colours), of pictures; 3 unless `datasets.toml` says something else. Other sets keep theirs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub channels: Option<usize>,
    /// n, images in a batch.
    pub batch: usize,
    /// The order of the data.
    #[serde(default)]
    pub shuffle: Shuffle,
    /// Whether left and right are exchanged with probability ½, anew in every epoch; the released code does not.
    #[serde(default)]
    pub flip: bool,
    /// Black pixels on each side of an image, of which then a part of the image's size is taken at a random place, anew
    /// in every epoch; the released code has none.
    #[serde(default)]
    pub crop: usize,
    /// Standard deviation of Gaussian noise that is added to data, fresh in every iteration; the released code
    /// has none.
    #[serde(default)]
    pub noise_std: f64,
}

/// The order of the data.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Shuffle {
    /// As they are stored, as the released code does for CIFAR-10.
    Never,
    /// In one random order in all epochs, as the released code does for MNIST.
    Once,
    /// In another random order in each epoch.
    #[default]
    EveryEpoch,
}
