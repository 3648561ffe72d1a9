//! How well images are completed from what is seen of them.

use std::collections::BTreeMap;

use anyhow::Result;
use burn::tensor::Tensor;
use ebm::data::ImageSet;
use ebm::metrics::features::FeatureNetwork;
use ebm::metrics::{
    FeatureSet, MetricsError, Moments, frechet_distance, kernel_distance, mean_pairwise_distance,
    ssim,
};
use ebm::noise::Key;
use ebm::teaching::{SampleRequest, TeachingError, Trainer};
use ebm::tensor::Condition;
use serde::Serialize;

use super::features::in_parts;
use super::holes::Holes;

/// The stream of random numbers of the completions; that of holes is another.
const COMPLETIONS: u64 = 1;
/// The window of SSIM.
const WINDOW: usize = 11;

/// Completions of images, and what they are compared with.
pub struct Completed {
    /// The images, what is seen of them, and the mean and the nearest of the training images with what is seen pasted in.
    compared: Vec<Tensor<4>>,
    /// x₀ with what is seen pasted in, one batch for each completion of all images.
    pub starts: Vec<Tensor<4>>,
    /// x_T likewise; empty without an energy.
    pub refined: Vec<Tensor<4>>,
    /// What each way to fill the holes comes to: decibels of the hidden pixels, similarity (SSIM) and, where there is a
    /// feature network, Fréchet and kernel distance of the pasted images; means over images and completions.
    pub ways: Vec<Way>,
    /// Mean distance between two completions of an image, where there are two.
    pub diversity: Vec<(&'static str, f64)>,
}

/// What a way to fill holes comes to.
#[derive(Serialize)]
pub struct Way {
    /// What fills the holes.
    pub name: &'static str,
    /// By their names: PSNR, SSIM, FD(network), KD(network).
    #[serde(flatten)]
    pub measures: BTreeMap<String, f64>,
}

impl Completed {
    /// Fills the holes, `completions` times; compares with what the training set alone gives, and with completions
    /// that are told another image's condition.
    pub fn new(
        trainer: &Trainer,
        holes: &Holes,
        training: &ImageSet,
        features: Option<&dyn FeatureNetwork>,
        [completions, steps]: [usize; 2],
        key: Key,
    ) -> Result<Self> {
        let count = holes.images.dims()[0];
        let fill = |condition: &Tensor<4>, i: usize| {
            let key = key.fold(COMPLETIONS).fold(i as u64);
            let condition = Condition::Image(condition.clone());
            let request = SampleRequest::new(count, key).given(condition).steps(steps);
            let samples = trainer.sample(request)?;
            Ok::<_, TeachingError>([samples.start, samples.refined].map(|x| holes.paste(x)))
        };
        let seen = &holes.condition;
        let filled = (0..completions).map(|i| fill(seen, i)).collect::<Result<Vec<_>, _>>()?;
        let (starts, mut refined): (Vec<_>, Vec<_>) =
            filled.into_iter().map(|[a, b]| (a, b)).unzip();
        // Each is told the condition of the one before it.
        let misled = match count {
            1 => Vec::new(),
            _ => vec![fill(&seen.clone().roll_dim(1, 0), 0)?[1].clone()],
        };
        let middle = Tensor::stack::<5>(refined.clone(), 0).mean_dim(0).squeeze_dim(0);
        if !trainer.has_energy() {
            refined.clear();
        }

        let truth = Truth::new(&holes.images, features)?;
        let [typical, nearest] =
            [holes.mean_of(training), holes.nearest_of(training)].map(|x| holes.paste(x));
        let compared = vec![holes.images.clone(), holes.seen(), typical.clone(), nearest.clone()];
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
            let decibels: Vec<f64> = sets.iter().flat_map(|x| holes.psnr(x.clone())).collect();
            let mut measures = truth.compare(sets)?;
            measures.insert("PSNR".into(), mean(&decibels));
            Ok(Way { name, measures })
        });
        let ways = ways.collect::<Result<_>>()?;
        let diversity = [("diversity of x₀", &starts), ("diversity of x_T", &refined)];
        // One completion of each says nothing of it.
        let diversity = diversity.into_iter().filter(|(_, sets)| sets.len() > 1);
        let diversity = diversity.map(|(name, sets)| (name, diversity_of(sets))).collect();
        Ok(Self { compared, starts, refined, ways, diversity })
    }

    /// A picture's columns, of the first `rows` images: the image, what is seen of it, the mean training image, the nearest
    /// one, x₀ of each completion, x_T of each.
    pub fn columns(&self, rows: usize) -> Vec<Tensor<4>> {
        let all = self.compared.iter().chain(&self.starts).chain(&self.refined);
        all.map(|x| x.clone().narrow(0, 0, rows.min(x.dims()[0]))).collect()
    }
}

/// Whole images, and what they are in the features of a network.
struct Truth<'a> {
    images: &'a Tensor<4>,
    features: Option<(&'a dyn FeatureNetwork, FeatureSet, Moments)>,
}

impl<'a> Truth<'a> {
    fn new(images: &'a Tensor<4>, network: Option<&'a dyn FeatureNetwork>) -> Result<Self> {
        let features = network
            .map(|network| {
                let rows = rows(network, images)?;
                let moments = Moments::of(&rows);
                Ok::<_, anyhow::Error>((network, rows, moments))
            })
            .transpose()?;
        Ok(Self { images, features })
    }

    /// SSIM and the distances of completed images, where they have a meaning. Completions share what is seen with the
    /// images that they are compared with, so a distance says what is better, not what two independent sets are apart.
    fn compare(&self, sets: &[Tensor<4>]) -> Result<BTreeMap<String, f64>> {
        let mut measures = BTreeMap::new();
        let [_, _, height, width] = self.images.dims();
        if height.min(width) >= WINDOW {
            let each = sets.iter().map(|x| ssim(x.clone(), self.images.clone()));
            measures.insert("SSIM".into(), mean(&each.collect::<Result<Vec<_>, _>>()?.concat()));
        }
        if let Some((network, truth, moments)) = &self.features {
            let features = rows(*network, &Tensor::cat(sets.to_vec(), 0))?;
            for (name, distance) in [
                ("FD", frechet_distance(&Moments::of(&features), moments)),
                ("KD", kernel_distance(&features, truth)),
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

/// The features of images, a part at a time: networks for photographs enlarge them.
fn rows(network: &dyn FeatureNetwork, images: &Tensor<4>) -> Result<FeatureSet> {
    in_parts(images.clone(), |part| Ok(network.features(part)?))
}

/// The mean over images of the mean distance between two of their completions.
fn diversity_of(completions: &[Tensor<4>]) -> f64 {
    let images = completions.first().map_or(0, |first| first.dims()[0]);
    let of = |i: usize| {
        let own = completions.iter().map(|x| x.clone().narrow(0, i, 1)).collect();
        mean_pairwise_distance(Tensor::cat(own, 0)).unwrap_or(0.0)
    };
    mean(&(0..images).map(of).collect::<Vec<_>>())
}

/// Of numbers, of which there is at least one.
pub fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}
