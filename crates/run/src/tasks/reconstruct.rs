//! Reconstructions of data: encoded, decoded and refined.

use std::collections::BTreeMap;

use burn::tensor::Tensor;
use ebm::metrics::{Spread, psnr};
use ebm::noise::streams;
use ebm::tensor::{Examples, values_f64};
use serde::Serialize;

use crate::reference::DataChoice;
use crate::{OutputFolder, Result, TrainedRun};

/// The options of [`TrainedRun::reconstruct`].
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ReconstructOptions {
    /// The number of images, evenly spread over the data set.
    pub count: usize,
    /// Whether the mean of q(z|x) is decoded instead of a draw from it.
    pub mean: bool,
    /// The number of Langevin steps; `None` for the recipe's `chains.sampling_steps`.
    pub steps: Option<usize>,
    /// The data set.
    pub data: DataChoice,
}

impl ReconstructOptions {
    /// Creates options for `count` images and draws from q(z|x).
    pub fn new(count: usize) -> Self {
        Self { count, mean: false, steps: None, data: DataChoice::default() }
    }
}

/// A set of reconstructions of data.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Reconstruction {
    /// The data, their decoded codes and, with an energy, those after Langevin steps; each
    /// `[count, channels, height, width]`.
    pub columns: Vec<(&'static str, Tensor<4>)>,
    /// An upper bound of the VAE's −log₂ p(x) per dimension, the mean over the images.
    pub bits_per_dim: f64,
    /// The σ of p(x|z) in that bound: the one that fits these images best.
    pub decoder_std: f64,
    /// The peak signal-to-noise ratios of the reconstructions.
    pub fidelity: Fidelity,
}

/// The peak signal-to-noise ratios of images with respect to data, in decibels: the content of
/// `psnr.json`.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct Fidelity {
    /// The name of the data set.
    pub data: String,
    /// The indices of the images in the data set.
    pub images: Vec<usize>,
    /// An upper bound of the VAE's −log₂ p(x) per dimension.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bits_per_dim: Option<f64>,
    /// The mean over the images.
    pub mean: BTreeMap<&'static str, f64>,
    /// The value of each image.
    pub each: BTreeMap<&'static str, Vec<f64>>,
}

impl Fidelity {
    pub(crate) fn new(data: String, images: Vec<usize>) -> Self {
        Self { data, images, bits_per_dim: None, mean: BTreeMap::new(), each: BTreeMap::new() }
    }

    /// Compares images, clamped to [−1, 1] as in pictures, with data.
    pub(crate) fn add(&mut self, name: &'static str, images: Tensor<4>, data: Tensor<4>) {
        let each = values_f64(psnr(images.clamp(-1.0, 1.0), data));
        self.mean.insert(name, Spread::of(&each).mean);
        self.each.insert(name, each);
    }
}

impl TrainedRun {
    /// Encodes data, decodes the codes and refines the result.
    ///
    /// # Errors
    /// [`RunError::Teaching`](crate::RunError::Teaching) without a trained encoder or if a chain
    /// diverges, [`RunError::Data`](crate::RunError::Data) and
    /// [`RunError::Unsuitable`](crate::RunError::Unsuitable) for data that cannot be used.
    pub fn reconstruct(&self, options: &ReconstructOptions) -> Result<Reconstruction> {
        let key = |stream| self.key().fold(stream);
        let vae = self.trainer().encoder()?;
        let reference = self.reference(&options.data)?;
        let (indices, examples) = reference.spread(options.count, self.trainer().device());
        let Examples { images: data, condition } = self.conditioned(&reference, &indices, examples);
        let given = condition.as_ref();
        let encoder = key(streams::reconstruct::ENCODER);
        let posterior = vae.encode(data.clone(), given, encoder);
        let codes = match options.mean {
            true => posterior.mean,
            false => posterior.sample(key(streams::reconstruct::CODES)),
        };
        let decoded = vae.decode(codes, given);
        let error = (decoded.clone() - data.clone()).powi_scalar(2).mean();
        let std = f64::from(error.into_scalar::<f32>().sqrt()).max(1e-3);
        let bits = key(streams::reconstruct::BITS);
        let bits = vae.bits_per_dim(data.clone(), given, std, bits);
        let bits_per_dim = Spread::of(&values_f64(bits)).mean;
        let langevin = key(streams::reconstruct::LANGEVIN);
        let refined = self.refine_images(&decoded, condition, options.steps, langevin)?;

        let mut columns = vec![("data", data.clone()), ("decoded", decoded)];
        columns.extend(refined.map(|refined| ("refined", refined)));
        let mut fidelity = Fidelity::new(reference.to_string(), indices);
        fidelity.bits_per_dim = Some(bits_per_dim);
        for (name, images) in columns.iter().skip(1) {
            fidelity.add(name, images.clone(), data.clone());
        }
        Ok(Reconstruction { columns, bits_per_dim, decoder_std: std, fidelity })
    }
}

impl Reconstruction {
    /// Writes `reconstruct.png`, the columns as arrays, and `psnr.json`.
    ///
    /// # Errors
    /// [`RunError::Write`](crate::RunError::Write)
    pub fn write(&self, out: &mut OutputFolder) -> Result<()> {
        let frames: Vec<_> = self.columns.iter().map(|(_, images)| images.clone()).collect();
        out.strip("reconstruct", &frames)?;
        for (name, images) in &self.columns {
            out.array(name, images)?;
        }
        out.json("psnr", &self.fidelity)
    }
}
