//! What one run of a matrix came to.

use std::collections::BTreeMap;
use std::time::Instant;

use anyhow::Result;
use burn::tensor::Device;
use ebm::data::{Catalog, DataError, DataRoot, Selection, Split};
use ebm::metrics::features::FeatureNetwork;
use ebm::metrics::{FeatureSet, kernel_distance, mean_pairwise_distance};
use ebm::noise::Key;
use ebm::teaching::{ConditionKind, TeachingError, Trainer, train};

use super::matrix::Job;
use crate::run::{Completed, Holes, Judge, Plane, Source, classifier, open_given, spread};

/// The stream of the samples that are measured; the trainer's own streams are below it.
const MEASURED: u64 = 102;
/// Images that are measured.
const IMAGES: usize = 500;
/// Images that are completed, and how often.
const COMPLETED: usize = 200;
const COMPLETIONS: usize = 4;

/// A run and its measures.
#[derive(Clone, Debug)]
pub(super) struct Outcome {
    pub(super) base: String,
    pub(super) case: String,
    pub(super) seed: u64,
    /// Why it stopped before its end.
    pub(super) diverged: Option<String>,
    pub(super) seconds: f64,
    /// Evaluations of ∇U along chains in training: chains × steps × iterations.
    pub(super) gradients: u64,
    pub(super) measures: BTreeMap<String, f64>,
}

impl Outcome {
    /// Runs it. A run that diverges is an outcome; a missing file is an error.
    pub(super) fn of(
        job: &Job,
        root: &DataRoot,
        catalog: &Catalog,
        device: &Device,
    ) -> Result<Self> {
        let started = Instant::now();
        let mut source = Source::open(&job.recipe, root, catalog)?;
        let mut trainer = Trainer::new(job.recipe.clone(), source.image(), device)?;
        let shown = source.shown_conditions(job.recipe.evaluation.images, device);
        let batches = |iteration| source.batch(iteration, device);
        let trained = train(&mut trainer, batches, shown.as_ref(), &mut []);
        let measured = match trained {
            Ok(_) => measures(&trainer, &source, (root, catalog), device),
            Err(error) => Err(error.into()),
        };
        let (measures, diverged) = match measured {
            Ok(measures) => (measures, None),
            Err(error) => match error.downcast_ref::<TeachingError>() {
                Some(TeachingError::Chain { .. } | TeachingError::NotFinite { .. }) => {
                    (BTreeMap::new(), Some(error.to_string()))
                }
                _ => return Err(error),
            },
        };
        let chains = &job.recipe.chains;
        let evaluated = job.recipe.student.kind.has_energy();
        Ok(Self {
            base: job.base.clone(),
            case: job.case.clone(),
            seed: job.recipe.seed,
            diverged,
            seconds: started.elapsed().as_secs_f64(),
            gradients: u64::from(evaluated)
                * (chains.count * chains.steps) as u64
                * trainer.iteration(),
            measures,
        })
    }
}

fn measures(
    trainer: &Trainer,
    source: &Source,
    (root, catalog): (&DataRoot, &Catalog),
    device: &Device,
) -> Result<BTreeMap<String, f64>> {
    let key = Key::new(trainer.recipe().seed).fold(MEASURED);
    let mut measures = BTreeMap::new();
    if let Some(density) = source.density() {
        let (plane, _) = Plane::new(density)?.evaluate(trainer, key)?;
        if let Some(kl) = plane.kl_energy {
            measures.insert("KL(data‖p_θ)".into(), kl);
        }
        measures.insert("KL(data‖x₀)".into(), plane.kl_x0);
        measures.insert("KL(data‖x_T)".into(), plane.kl_refined);
        return Ok(measures);
    }
    let steps = trainer.recipe().chains.sampling_steps;
    let given = trainer.recipe().condition.as_ref();
    if let (Some(training), Some(condition)) =
        (source.images(), given.filter(|condition| condition.kind != ConditionKind::Class))
    {
        let (set, split) = (&trainer.recipe().data.set, Some(Split::Test));
        let [channels, side] = trainer.image().map(Some);
        let selection = Selection { set, split, side, channels };
        // Images that were not learned from, where there are some.
        let images = match open_given(given, &selection, root, catalog) {
            Ok((test, _)) => test.batch(&spread(test.len(), COMPLETED), device),
            Err(error) => match error.downcast_ref() {
                Some(DataError::NoSplit { .. }) => source.stacked(COMPLETED, device),
                _ => return Err(error),
            },
        };
        let holes = Holes::new(images, condition, key);
        let features = classifier(set, device)?;
        let features = features.as_ref().map(|network| network as &dyn FeatureNetwork);
        let numbers = [COMPLETIONS, steps];
        let done = Completed::new(trainer, &holes, training, features, numbers, key)?;
        for way in done.ways {
            let named = |(measure, x)| (format!("{measure}, {}", way.name), x);
            measures.extend(way.measures.into_iter().map(named));
        }
        measures.extend(done.diversity.into_iter().map(|(name, x)| (name.into(), x)));
        return Ok(measures);
    }
    let data = source.shown(IMAGES, device);
    let conditions = source.shown_conditions(IMAGES, device);
    let samples = trainer.sample(IMAGES, conditions.clone(), steps, key, [0, 2])?;
    if let (Some(judge), Some(c)) = (Judge::of(trainer.recipe(), device)?, &conditions) {
        measures.insert("accuracy of x₀".into(), judge.accuracy(&samples.start, c)?);
        measures.insert("accuracy of x_T".into(), judge.accuracy(&samples.refined, c)?);
    }
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
    Ok(measures)
}
