//! The measures of one run of a matrix.

use std::collections::BTreeMap;
use std::error::Error;
use std::fs;
use std::path::Path;
use std::time::Instant;

use burn::tensor::{Device, Tensor};
use ebm::data::{DataError, Density, ExampleSet, Selection, Split};
use ebm::metrics::features::FeatureNetwork;
use ebm::metrics::{FeatureSet, kernel_distance, mean_pairwise_distance};
use ebm::noise::{Key, streams};
use ebm::teaching::{Event, Listener, Part, SampleRequest, TeachingError, Trainer, train};
use ebm::tensor::{Examples, ImageShape};

use super::matrix::{Completions, Job};
use crate::class_accuracy::{ClassAccuracy, built_in_classifier, built_in_features};
use crate::completion::{CompletedImages, MaskedImages};
use crate::dataset::{DataLocation, DataStore, spread};
use crate::eval::{EvalLine, EvalOptions, Metric};
use crate::feature_network::NamedNetwork;
use crate::pictures::write_strip;
use crate::plane::Plane;
use crate::source::Source;
use crate::{Result, RunError, TrainedRun};

/// The number of images that are measured.
const IMAGES: usize = 500;
/// The folder of the pictures within that of the table.
const PICTURES: &str = "images";
/// The number of rows of a run's picture.
const ROWS: usize = 8;
/// The number of columns of a picture of samples, which shows the classes one after the other.
const COLUMNS: usize = 10;

/// The common setting of all runs.
pub(super) struct Setting<'a> {
    pub(super) store: &'a DataStore,
    pub(super) location: &'a DataLocation,
    pub(super) device: &'a Device,
    /// The network for data sets without a built-in classifier.
    pub(super) features: Option<&'a str>,
    /// The folder of the table.
    pub(super) out: &'a Path,
}

/// The measures of a run.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Outcome {
    /// The name of the base.
    pub base: String,
    /// The name of the case.
    pub case: String,
    /// The seed.
    pub seed: u64,
    /// The error of a run that diverged.
    pub diverged: Option<String>,
    /// The duration of the run in seconds.
    pub seconds: f64,
    /// The number of evaluations of ∇U along chains during training: chains × steps × iterations.
    pub gradients: u64,
    /// The measures by name.
    pub measures: BTreeMap<String, f64>,
    /// The picture of the run, relative to the folder of the table; `None` for a density.
    pub picture: Option<String>,
}

/// The measures of a run and the columns of its picture.
type Measured = (BTreeMap<String, f64>, Vec<Tensor<4>>);

impl Outcome {
    /// Makes a run. Divergence is an outcome; a missing file is an error.
    pub(super) fn of(job: &Job, setting: &Setting<'_>) -> Result<Self> {
        let (started, device) = (Instant::now(), setting.device);
        let mut source = Source::open(&job.recipe, setting.store)?;
        let mut trainer = Trainer::new(job.recipe.clone(), source.image(), device)?;
        let shown = source.preview_conditions(job.recipe.evaluation.images, device);
        let batches = |iteration| source.batch(iteration, device);
        let mut health = Health::default();
        let trained = train(&mut trainer, batches, shown.as_ref(), &mut [&mut health]);
        let iterations = trainer.iteration();
        let measured = match trained {
            Ok(_) => measures(&trainer, &source, job.completion, setting).and_then(|measured| {
                let (mut measures, columns) = measured;
                measures.extend(health.measures());
                measures.extend(against_test_images(trainer, setting)?);
                Ok((measures, columns))
            }),
            Err(error) => Err(error.into()),
        };
        let ((measures, columns), diverged) = match measured {
            Ok(measured) => (measured, None),
            Err(error) => match error.root() {
                RunError::Teaching(
                    TeachingError::Chain { .. }
                    | TeachingError::NotFinite { .. }
                    | TeachingError::Unhealthy { .. },
                ) => (Measured::default(), Some(error.to_string())),
                _ => return Err(error),
            },
        };
        let chains = &job.recipe.chains;
        let evaluated = job.recipe.student.has(Part::Energy);
        Ok(Self {
            base: job.base.clone(),
            case: job.case.clone(),
            seed: job.recipe.seed,
            diverged,
            seconds: started.elapsed().as_secs_f64(),
            gradients: u64::from(evaluated) * (chains.count * chains.steps) as u64 * iterations,
            measures,
            picture: picture(job, &columns, setting.out)?,
        })
    }
}

/// The health of the energy in the course of a run.
#[derive(Default)]
struct Health {
    curvature: Option<f64>,
    acceptance: Option<f64>,
}

impl Health {
    fn measures(&self) -> impl Iterator<Item = (String, f64)> {
        let curvature = self.curvature.map(|value| ("largest curvature × step".into(), value));
        let acceptance = self.acceptance.map(|value| ("last acceptance".into(), value));
        curvature.into_iter().chain(acceptance)
    }
}

impl Listener for Health {
    fn on(&mut self, _: &Trainer, event: Event<'_>) -> Result<(), Box<dyn Error + Send + Sync>> {
        if let Event::Stepped(metrics) = event {
            let values = [metrics.curvature_data, metrics.curvature_samples];
            self.curvature = values.into_iter().chain([self.curvature]).flatten().reduce(f64::max);
            self.acceptance = metrics.acceptance;
        }
        Ok(())
    }
}

/// Measures the samples of a run that the recipe measures at its end, in the features of the data
/// set's built-in classifier.
fn against_test_images(trainer: Trainer, setting: &Setting<'_>) -> Result<BTreeMap<String, f64>> {
    let recipe = trainer.recipe();
    let count = recipe.evaluation.final_samples;
    let Some(features) = built_in_features(&recipe.data.set).filter(|_| count > 0) else {
        return Ok(BTreeMap::new());
    };
    let mut options = EvalOptions::new(features, count);
    options.metrics = vec![Metric::Fd, Metric::Pr, Metric::Rarest];
    options.condition.data.location = setting.location.clone();
    let lines = TrainedRun::new(trainer, "run").evaluate(&options, &mut |_| Ok(()))?;
    let named = |EvalLine { samples, measure, .. }: EvalLine| {
        let samples = if samples == "refined" { "x_T" } else { "x₀" };
        (format!("{} of {samples}", measure.score), measure.value)
    };
    Ok(lines.into_iter().map(named).collect())
}

/// Writes the picture of a run and returns its path within `out`.
fn picture(job: &Job, columns: &[Tensor<4>], out: &Path) -> Result<Option<String>> {
    if columns.is_empty() {
        return Ok(None);
    }
    let plain = |text: &str| text.replace(|c: char| !c.is_ascii_alphanumeric(), "-");
    let (number, base, case) = (job.number, plain(&job.base), plain(&job.case));
    let name = format!("{PICTURES}/{number:03}-{base}-{case}-{}.png", job.recipe.seed);
    let path = out.join(&name);
    fs::create_dir_all(out.join(PICTURES)).map_err(RunError::writing(&path))?;
    write_strip(columns, &path).map_err(RunError::writing(&path))?;
    Ok(Some(name))
}

fn measures(
    trainer: &Trainer,
    source: &Source,
    completions: Completions,
    setting: &Setting<'_>,
) -> Result<Measured> {
    let key = Key::new(trainer.recipe().seed).fold(streams::run::MEASUREMENT);
    let given = trainer.recipe().condition.as_ref();
    match (source.density(), source.examples(), given) {
        (Some(density), ..) => Ok((in_the_plane(trainer, density, key)?, Vec::new())),
        (_, Some(training), Some(condition)) if condition.classes().is_none() => {
            let examples = held_out(trainer, source, completions.images.get(), setting)?;
            let masked = MaskedImages::new(examples, condition, key);
            completed(trainer, &masked, training, completions.times.get(), setting, key)
        }
        _ => sampled(trainer, source, setting.device, key),
    }
}

fn in_the_plane(trainer: &Trainer, density: Density, key: Key) -> Result<BTreeMap<String, f64>> {
    let (plane, _) = Plane::new(density)?.evaluate(trainer, key)?;
    let mut measures: BTreeMap<String, f64> =
        plane.kl_energy.map(|kl| ("KL(data‖p_θ)".into(), kl)).into_iter().collect();
    measures.insert("KL(data‖x₀)".into(), plane.kl_x0);
    measures.insert("KL(data‖x_T)".into(), plane.kl_refined);
    Ok(measures)
}

/// Returns test images, or training images where there is no test split.
fn held_out(
    trainer: &Trainer,
    source: &Source,
    count: usize,
    setting: &Setting<'_>,
) -> Result<Examples> {
    let (set, split) = (&trainer.recipe().data.set, Some(Split::Test));
    let ImageShape { channels, side } = trainer.image();
    let (channels, side) = (Some(channels), Some(side));
    let selection = Selection { set, split, side, channels };
    let condition = trainer.recipe().condition.as_ref();
    match setting.store.examples(condition, &selection) {
        Ok((test, _)) => Ok(test.batch(&spread(test.len(), count), setting.device)),
        Err(error) => match error.root() {
            RunError::Data(DataError::NoSplit { .. }) => {
                Ok(source.preview_examples(count, setting.device))
            }
            _ => Err(error),
        },
    }
}

fn completed(
    trainer: &Trainer,
    masked: &MaskedImages,
    training: &ExampleSet,
    times: usize,
    setting: &Setting<'_>,
    key: Key,
) -> Result<Measured> {
    let recipe = trainer.recipe();
    let features: Option<Box<dyn FeatureNetwork>> =
        match (built_in_classifier(&recipe.data.set, setting.device)?, setting.features) {
            (Some(classifier), _) => Some(Box::new(classifier)),
            (None, Some(given)) => {
                let shape = trainer.image();
                Some(NamedNetwork::open(given, shape, setting.device)?.into_inner())
            }
            (None, None) => None,
        };
    let numbers = [times, recipe.chains.sampling_steps];
    let done = CompletedImages::new(trainer, masked, training, features.as_deref(), numbers, key)?;
    let columns = done.columns(ROWS);
    let mut measures = BTreeMap::new();
    for way in done.ways {
        let named = |(measure, x)| (format!("{measure}, {}", way.name), x);
        measures.extend(way.measures.into_iter().map(named));
    }
    measures.extend(done.diversity.into_iter().map(|(name, x)| (name.into(), x)));
    Ok((measures, columns))
}

fn sampled(trainer: &Trainer, source: &Source, device: &Device, key: Key) -> Result<Measured> {
    let mut measures = BTreeMap::new();
    let data = source.preview_images(IMAGES, device);
    let conditions = source.preview_conditions(IMAGES, device);
    let samples = trainer.sample(SampleRequest::new(IMAGES, key).given(conditions.clone()))?;
    if let (Some(accuracy), Some(c)) =
        (ClassAccuracy::for_recipe(trainer.recipe(), device)?, &conditions)
    {
        measures.insert("accuracy of x₀".into(), accuracy.measure(&samples.start, c)?);
        measures.insert("accuracy of x_T".into(), accuracy.measure(&samples.refined, c)?);
    }
    let ImageShape { channels, side } = trainer.image();
    let grid = samples.refined.clone().narrow(0, 0, ROWS * COLUMNS);
    let grid = grid.reshape([ROWS, COLUMNS, channels, side, side]);
    let column = |i| grid.clone().narrow(1, i, 1).squeeze_dim::<4>(1);
    let columns = (0..COLUMNS).map(column).collect();
    let moved = (samples.refined.clone() - samples.start.clone()).powi_scalar(2);
    let moved: f32 = moved.flatten::<2>(1, 3).sum_dim(1).mean().into_scalar();
    measures.insert("mean ‖x_T − x₀‖²".into(), f64::from(moved));
    let diversity = mean_pairwise_distance(data.clone()).unwrap_or(f64::NAN);
    let data = FeatureSet::from_tensor(data)?;
    for (samples, distance, relative) in [
        (samples.start, "kernel distance of x₀", "diversity of x₀"),
        (samples.refined, "kernel distance of x_T", "diversity of x_T"),
    ] {
        let clamped = samples.clamp(-1.0, 1.0);
        let pixels = FeatureSet::from_tensor(clamped.clone())?;
        measures.insert(distance.into(), kernel_distance(&pixels, &data)?);
        measures.extend(mean_pairwise_distance(clamped).map(|d| (relative.into(), d / diversity)));
    }
    Ok((measures, columns))
}
