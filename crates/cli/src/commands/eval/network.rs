//! Feature networks by name.

use std::fs;
use std::ops::Deref;
use std::path::Path;

use anyhow::{Context, Result, bail};
use burn::tensor::{Device, Tensor};
use ebm::metrics::FeatureSet;
use ebm::metrics::features::{
    Classifier, EfficientNetLite0, FeatureError, FeatureNetwork, InceptionV3, SqueezeNet,
};

use super::statistics::Sum;
use ebm_run::in_parts;

/// A network and what tells it from others.
pub(crate) struct Network {
    network: Box<dyn FeatureNetwork>,
    /// Of its weights.
    pub(super) sum: String,
    /// Whether a Fréchet distance in its features is what is published as FID.
    pub(super) is_inception: bool,
}

impl Network {
    /// The network of `NAME` or `NAME=FILE`, for images of `[channels, height, width]`.
    pub(crate) fn open(given: &str, image: [usize; 3], device: &Device) -> Result<Self> {
        let (name, file) = match given.split_once('=') {
            Some((name, file)) => (name, Some(Path::new(file))),
            None => (given, None),
        };
        let weights =
            || file.with_context(|| format!("{name} needs its weights: --features {name}=FILE"));
        let compiled = matches!(name, "pixels" | "digits" | "fashion");
        if compiled && file.is_some() {
            bail!("{name} takes no file of weights");
        }
        let network: Box<dyn FeatureNetwork> = match name {
            "pixels" => Box::new(Pixels { dim: image.iter().product() }),
            "digits" => Box::new(Classifier::digits(device)?),
            "fashion" => Box::new(Classifier::fashion(device)?),
            "squeezenet" => Box::new(SqueezeNet::open(weights()?, device)?),
            "efficientnet-lite0" => Box::new(EfficientNetLite0::open(weights()?, device)?),
            "inception" => Box::new(InceptionV3::open(weights()?, device)?),
            _ => bail!(
                "{name} is no feature network; there are: pixels, digits, fashion, squeezenet=FILE, \
                 efficientnet-lite0=FILE, inception=FILE"
            ),
        };
        let mut sum = Sum::default();
        match file {
            Some(file) => {
                let bytes =
                    fs::read(file).with_context(|| format!("cannot read {}", file.display()))?;
                sum.add(&bytes);
            }
            // Weights that are compiled in change with the version only.
            None => sum.add(env!("CARGO_PKG_VERSION").as_bytes()),
        }
        sum.add(name.as_bytes());
        Ok(Self { network, sum: sum.hexadecimal(), is_inception: name == "inception" })
    }

    /// The network alone.
    pub(crate) fn into_inner(self) -> Box<dyn FeatureNetwork> {
        self.network
    }

    /// The features of all images, a part at a time.
    pub(super) fn all(&self, images: Tensor<4>) -> Result<FeatureSet> {
        in_parts(images, |part| Ok(self.network.features(part)?))
    }

    /// The same of p(y|x).
    pub(super) fn classes(&self, images: Tensor<4>) -> Result<FeatureSet> {
        let none = || format!("{} tells no classes apart", self.network.name());
        in_parts(images, |part| self.network.probabilities(part)?.with_context(none))
    }
}

impl Deref for Network {
    type Target = dyn FeatureNetwork;

    fn deref(&self) -> &Self::Target {
        &*self.network
    }
}

/// The pixels themselves: no network, for a first look and for points in the plane.
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
