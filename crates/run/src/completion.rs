//! The quality of completions of images from their observed parts.

mod masked;

use std::collections::BTreeMap;

use burn::tensor::Tensor;
use ebm::data::ExampleSet;
use ebm::metrics::features::FeatureNetwork;
use ebm::metrics::{
    FeatureSet, MetricsError, Moments, Spread, frechet_distance, kernel_distance,
    mean_pairwise_distance, ssim,
};
use ebm::noise::{Key, streams};
use ebm::teaching::{SampleRequest, Trainer};
use ebm::tensor::Condition;
use serde::Serialize;

use crate::feature_network::features;
use crate::{Result, RunError};

pub(crate) use masked::MaskedImages;

/// The window of SSIM.
const WINDOW: usize = 11;

/// The completions of images and the baselines, with their measures.
#[derive(Clone, Debug)]
pub(crate) struct CompletedImages {
    /// The images, their observed parts, and the mean and the nearest training image in the holes.
    baselines: Vec<Tensor<4>>,
    /// The initial states x₀ in the holes: one batch for each completion of all images.
    pub(crate) starts: Vec<Tensor<4>>,
    /// The refined states x_T in the holes; empty without an energy.
    pub(crate) refined: Vec<Tensor<4>>,
    /// The measures of each way to fill the holes, means over images and completions.
    pub(crate) ways: Vec<Way>,
    /// The mean distance between two completions of an image, where there are two.
    pub(crate) diversity: Vec<(&'static str, f64)>,
}

/// A way to fill holes, and its measures.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct Way {
    /// The content of the holes.
    pub name: &'static str,
    /// The measures by name: PSNR of the hidden pixels in decibels, SSIM and, with a feature
    /// network, FD(network) and KD(network), Fréchet and kernel distance of the completed images.
    #[serde(flatten)]
    pub measures: BTreeMap<String, f64>,
}

impl CompletedImages {
    /// Fills the holes `completions` times and compares the results with what the training set
    /// alone yields, and with completions under the condition of another image.
    pub(crate) fn new(
        trainer: &Trainer,
        masked: &MaskedImages,
        training: &ExampleSet,
        features: Option<&dyn FeatureNetwork>,
        [completions, steps]: [usize; 2],
        key: Key,
    ) -> Result<Self> {
        let count = masked.images.dims()[0];
        let fill = |condition: &Tensor<4>, i: usize| {
            let key = key.fold(streams::completion::COMPLETIONS).fold(i as u64);
            let condition = Condition::Image(condition.clone());
            let request = SampleRequest::new(count, key).given(condition).steps(steps);
            let samples = trainer.sample(request)?;
            Ok::<_, RunError>([samples.start, samples.refined].map(|x| masked.paste(x)))
        };
        let condition = &masked.condition;
        let filled = (0..completions).map(|i| fill(condition, i)).collect::<Result<Vec<_>>>()?;
        let (starts, mut refined): (Vec<_>, Vec<_>) =
            filled.into_iter().map(|[a, b]| (a, b)).unzip();
        // Each image receives the condition of the previous one.
        let misled = match count {
            1 => Vec::new(),
            _ => vec![fill(&condition.clone().roll_dim(1, 0), 0)?[1].clone()],
        };
        let middle = Tensor::stack::<5>(refined.clone(), 0).mean_dim(0).squeeze_dim(0);
        if !trainer.has_energy() {
            refined.clear();
        }

        let whole = WholeImages::new(&masked.images, features)?;
        let [typical, nearest] =
            [masked.mean_of(training), masked.nearest_of(training)].map(|x| masked.paste(x));
        let baselines =
            vec![masked.images.clone(), masked.observed(), typical.clone(), nearest.clone()];
        let sets = [
            ("mean image", vec![typical]),
            ("nearest image", vec![nearest]),
            ("given another's condition", misled),
            ("mean of the completions", if completions > 1 { vec![middle] } else { vec![] }),
            ("x₀", starts.clone()),
            ("x_T", refined.clone()),
        ];
        let sets = sets.iter().filter(|(_, sets)| !sets.is_empty());
        let ways = sets.map(|(name, sets)| {
            let decibels: Vec<f64> = sets.iter().flat_map(|x| masked.psnr(x.clone())).collect();
            let mut measures = whole.compare(sets)?;
            measures.insert("PSNR".into(), Spread::of(&decibels).mean);
            Ok(Way { name, measures })
        });
        let ways = ways.collect::<Result<_>>()?;
        let diversity = [("diversity of x₀", &starts), ("diversity of x_T", &refined)];
        // A single completion has no diversity.
        let diversity = diversity.into_iter().filter(|(_, sets)| sets.len() > 1);
        let diversity = diversity.map(|(name, sets)| (name, diversity_of(sets))).collect();
        Ok(Self { baselines, starts, refined, ways, diversity })
    }

    /// Returns the columns of a picture of the first `rows` images: the image, its observed part,
    /// the mean and the nearest training image, x₀ of each completion, x_T of each.
    pub(crate) fn columns(&self, rows: usize) -> Vec<Tensor<4>> {
        let all = self.baselines.iter().chain(&self.starts).chain(&self.refined);
        all.map(|x| x.clone().narrow(0, 0, rows.min(x.dims()[0]))).collect()
    }
}

/// A set of whole images and, with a network, their features.
struct WholeImages<'a> {
    images: &'a Tensor<4>,
    features: Option<(&'a dyn FeatureNetwork, FeatureSet, Moments)>,
}

impl<'a> WholeImages<'a> {
    fn new(images: &'a Tensor<4>, network: Option<&'a dyn FeatureNetwork>) -> Result<Self> {
        let features = network
            .map(|network| {
                let rows = features(network, images.clone())?;
                let moments = Moments::of(&rows);
                Ok::<_, RunError>((network, rows, moments))
            })
            .transpose()?;
        Ok(Self { images, features })
    }

    /// Returns SSIM and the distances of completed images, where they are defined. Completions
    /// share the observed pixels with the whole images, so a distance ranks completions; it is not
    /// that of two independent sets.
    fn compare(&self, sets: &[Tensor<4>]) -> Result<BTreeMap<String, f64>> {
        let mut measures = BTreeMap::new();
        let [_, _, height, width] = self.images.dims();
        if height.min(width) >= WINDOW {
            let each = sets.iter().map(|x| ssim(x.clone(), self.images.clone()));
            let each = each.collect::<Result<Vec<_>, _>>()?.concat();
            measures.insert("SSIM".into(), Spread::of(&each).mean);
        }
        if let Some((network, whole, moments)) = &self.features {
            let features = features(*network, Tensor::cat(sets.to_vec(), 0))?;
            for (name, distance) in [
                ("FD", frechet_distance(&Moments::of(&features), moments)),
                ("KD", kernel_distance(&features, whole)),
            ] {
                match distance {
                    Ok(distance) => {
                        measures.insert(format!("{name}({})", network.name()), distance);
                    }
                    // A Fréchet distance needs more images than features, a kernel distance two.
                    Err(MetricsError::TooFew { .. }) => {}
                    Err(error) => return Err(error.into()),
                }
            }
        }
        Ok(measures)
    }
}

/// Returns the mean over images of the mean distance between two of their completions.
fn diversity_of(completions: &[Tensor<4>]) -> f64 {
    let images = completions.first().map_or(0, |first| first.dims()[0]);
    let of = |i: usize| {
        let own = completions.iter().map(|x| x.clone().narrow(0, i, 1)).collect();
        mean_pairwise_distance(Tensor::cat(own, 0)).unwrap_or(0.0)
    };
    Spread::of(&(0..images).map(of).collect::<Vec<_>>()).mean
}
