//! Feature networks by name.

use std::fs;
use std::ops::Deref;
use std::path::Path;

use burn::tensor::{Device, Tensor};
use ebm::metrics::FeatureSet;
use ebm::metrics::features::{
    Classifier, EfficientNetLite0, FeatureError, FeatureNetwork, InceptionV3, SqueezeNet, in_parts,
};
use ebm::tensor::ImageShape;
use ebm_files::Checksum;

use crate::error::unsuitable;
use crate::{Result, RunError};

/// The number of images that a network processes at once: networks for photographs enlarge them.
const PART: usize = 500;

/// A feature network that was opened by name, with a checksum of its weights.
pub struct NamedNetwork {
    network: Box<dyn FeatureNetwork>,
    checksum: String,
    is_inception: bool,
}

impl NamedNetwork {
    /// Opens the network of `NAME` or `NAME=FILE` for images of a shape: `pixels`, `digits`,
    /// `fashion`, `squeezenet=FILE`, `efficientnet-lite0=FILE` or `inception=FILE`, with a file of
    /// weights.
    ///
    /// # Errors
    /// [`RunError::Unsuitable`] for an unknown name or a missing or superfluous file,
    /// [`RunError::Features`] for weights that do not belong to the network.
    pub fn open(given: &str, shape: ImageShape, device: &Device) -> Result<Self> {
        let (name, file) = match given.split_once('=') {
            Some((name, file)) => (name, Some(Path::new(file))),
            None => (given, None),
        };
        let weights = || match file {
            Some(file) => Ok(file),
            None => unsuitable!("{name} needs a file of weights: {name}=FILE"),
        };
        let built_in = matches!(name, "pixels" | "digits" | "fashion");
        if built_in && file.is_some() {
            unsuitable!("{name} takes no file of weights");
        }
        let network: Box<dyn FeatureNetwork> = match name {
            "pixels" => Box::new(Pixels { dim: shape.len() }),
            "digits" => Box::new(Classifier::digits(device)?),
            "fashion" => Box::new(Classifier::fashion(device)?),
            "squeezenet" => Box::new(SqueezeNet::open(weights()?, device)?),
            "efficientnet-lite0" => Box::new(EfficientNetLite0::open(weights()?, device)?),
            "inception" => Box::new(InceptionV3::open(weights()?, device)?),
            _ => unsuitable!(
                "{name} is not a feature network; choose one of pixels, digits, fashion, squeezenet=FILE, \
                 efficientnet-lite0=FILE, inception=FILE"
            ),
        };
        let mut checksum = Checksum::new();
        match file {
            Some(file) => checksum.update_part(&fs::read(file).map_err(RunError::reading(file))?),
            // Built-in weights change with the version only.
            None => checksum.update_part(env!("CARGO_PKG_VERSION").as_bytes()),
        }
        checksum.update_part(name.as_bytes());
        let (checksum, is_inception) = (checksum.finish(), name == "inception");
        Ok(Self { network, checksum, is_inception })
    }

    /// Returns the network alone.
    pub fn into_inner(self) -> Box<dyn FeatureNetwork> {
        self.network
    }

    /// Returns the checksum of the weights and the name.
    pub(crate) fn checksum(&self) -> &str {
        &self.checksum
    }

    /// Returns whether a Fréchet distance in these features is the published FID.
    pub(crate) fn is_inception(&self) -> bool {
        self.is_inception
    }

    /// Returns the class probabilities p(y|x) of all images.
    pub(crate) fn class_probabilities(&self, images: Tensor<4>) -> Result<FeatureSet> {
        let rows = in_parts(images, PART, |part| {
            self.network.probabilities(part)?.ok_or_else(|| {
                RunError::Unsuitable(format!("{} distinguishes no classes", self.network.name()))
            })
        })?;
        Ok(FeatureSet::from_tensor(rows)?)
    }
}

/// Returns the features of all images.
pub(crate) fn features(network: &dyn FeatureNetwork, images: Tensor<4>) -> Result<FeatureSet> {
    let rows = in_parts(images, PART, |part| network.features(part))?;
    Ok(FeatureSet::from_tensor(rows)?)
}

impl Deref for NamedNetwork {
    type Target = dyn FeatureNetwork;

    fn deref(&self) -> &Self::Target {
        &*self.network
    }
}

impl std::fmt::Debug for NamedNetwork {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("NamedNetwork")
            .field("name", &self.network.name())
            .field("checksum", &self.checksum)
            .finish_non_exhaustive()
    }
}

/// The pixels themselves, for a first look and for points in the plane.
struct Pixels {
    dim: usize,
}

impl FeatureNetwork for Pixels {
    fn name(&self) -> &str {
        "pixels"
    }

    fn dim(&self) -> usize {
        self.dim
    }

    fn features(&self, images: Tensor<4>) -> Result<Tensor<2>, FeatureError> {
        Ok(images.flatten(1, 3))
    }

    fn probabilities(&self, _: Tensor<4>) -> Result<Option<Tensor<2>>, FeatureError> {
        Ok(None)
    }
}
