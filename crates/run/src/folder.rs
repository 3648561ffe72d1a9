//! A run's folder, filled while the run goes on.
//!
//! ```text
//! recipe.toml      the resolved recipe        metrics.jsonl   one line for each iteration
//! samples.jsonl    one line for each grid     images/         PNG grids and film strips
//! run.json         version, device, times     events.out.…    the same metrics for TensorBoard
//! checkpoints/     see `ebm_teaching`         plots/          SVG curves
//! report.html      all of it on one page
//! ```

use std::error::Error;
use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::{Context, Result};
use burn::tensor::Tensor;
use ebm::device::DeviceName;
use ebm::metrics::features::{Classifier, FeatureNetwork};
use ebm::metrics::{FeatureSet, kernel_distance, mean_pairwise_distance};
use ebm::noise::Key;
use ebm::teaching::{Event, Listener, Samples, StepMetrics, Trainer};
use ebm::tensor::Condition;
use serde::Serialize;

use super::judge::classifier;
use super::tensorboard::EventFile;
use super::{Judge, Plane, PlaneMetrics, pictures, report};

/// The stream of the samples that are compared with a density; the trainer's own streams are below it.
const PLANE_SAMPLES: u64 = 101;

type ListenerResult = Result<(), Box<dyn Error + Send + Sync>>;

pub struct RunFolder {
    path: PathBuf,
    metrics_file: BufWriter<File>,
    metrics: Vec<StepMetrics>,
    events: EventFile,
    samples_file: File,
    samples: Vec<SampleMetrics>,
    /// The images that samples are shown beside.
    data: Tensor<4>,
    /// What samples are given, of a conditional run.
    conditions: Option<Condition>,
    judge: Option<Judge>,
    features: Option<Classifier>,
    /// What samples are compared with, where data are drawn from a density.
    plane: Option<Plane>,
    info: RunInfo,
    recipe: String,
    started: Instant,
}

/// A line of `samples.jsonl`. A diversity is the mean distance between two images of a set.
#[derive(Clone, Copy, Debug, Serialize)]
pub(super) struct SampleMetrics {
    pub(super) iteration: u64,
    pub(super) diversity_data: Option<f64>,
    pub(super) diversity_x0: Option<f64>,
    pub(super) diversity_refined: Option<f64>,
    /// Kernel distances to the data of a grid, few images: in the features of the set's classifier, else of pixels.
    pub(super) kernel_distance_x0: Option<f64>,
    pub(super) kernel_distance_refined: Option<f64>,
    /// The share of samples in which a classifier sees the class asked for, where there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) accuracy_x0: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) accuracy_refined: Option<f64>,
    /// Where data are drawn from a density.
    #[serde(flatten)]
    pub(super) plane: Option<PlaneMetrics>,
}

/// What `run.json` says.
#[derive(Clone, Debug, Serialize)]
pub(super) struct RunInfo {
    pub(super) name: String,
    pub(super) description: String,
    pub(super) version: &'static str,
    pub(super) device_asked: String,
    pub(super) device: String,
    pub(super) first_iteration: u64,
    pub(super) iterations_done: u64,
    pub(super) elapsed_secs: f64,
}

impl RunFolder {
    /// Makes the folder and writes what is known at the start, so that a folder that cannot be written is
    /// found before any work is done.
    pub fn create(
        path: PathBuf,
        trainer: &Trainer,
        device: DeviceName,
        data: Tensor<4>,
        conditions: Option<Condition>,
        plane: Option<Plane>,
    ) -> Result<Self> {
        let cannot = || format!("cannot write the run's folder {}", path.display());
        for folder in ["images", "plots", "checkpoints"] {
            fs::create_dir_all(path.join(folder)).with_context(cannot)?;
        }
        let recipe = trainer.recipe().to_toml()?;
        fs::write(path.join("recipe.toml"), &recipe).with_context(cannot)?;
        if plane.is_none() {
            pictures::write_grids(std::slice::from_ref(&data), &path.join("images/data.png"))
                .with_context(cannot)?;
        }
        let judge = Judge::of(trainer.recipe(), trainer.device())?;
        let metrics_file = File::create(path.join("metrics.jsonl")).with_context(cannot)?;
        let events = EventFile::create(&path).with_context(cannot)?;
        let samples_file = File::create(path.join("samples.jsonl")).with_context(cannot)?;
        let info = RunInfo {
            name: trainer.recipe().name.clone(),
            description: trainer.recipe().description.clone(),
            version: env!("CARGO_PKG_VERSION"),
            device_asked: device.to_string(),
            device: format!("{:?}", trainer.device()),
            first_iteration: trainer.iteration(),
            iterations_done: trainer.iteration(),
            elapsed_secs: 0.0,
        };
        let folder = Self {
            metrics_file: BufWriter::new(metrics_file),
            metrics: Vec::new(),
            events,
            samples_file,
            samples: Vec::new(),
            data,
            conditions,
            judge,
            features: classifier(&trainer.recipe().data.set, trainer.device())?,
            plane,
            info,
            recipe,
            started: Instant::now(),
            path,
        };
        if let Some(seen) = folder.seen() {
            pictures::write_grids(&[seen], &folder.path.join("images/seen.png"))
                .with_context(|| folder.cannot("images"))?;
        }
        folder.write_info()?;
        Ok(folder)
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Writes the plots and the page, and tells where the page is.
    pub fn report(&mut self) -> Result<PathBuf> {
        self.metrics_file.flush().with_context(|| self.cannot("metrics.jsonl"))?;
        self.events.flush().with_context(|| self.cannot("events.out.tfevents"))?;
        self.write_info()?;
        report::write(&self.path, &self.info, &self.recipe, &self.metrics, &self.samples)
            .map_err(anyhow::Error::from_boxed)
            .with_context(|| self.cannot("report.html"))?;
        Ok(self.path.join("report.html"))
    }

    fn write_info(&self) -> Result<()> {
        let text = serde_json::to_string_pretty(&self.info)?;
        report::replace(&self.path.join("run.json"), (text + "\n").as_bytes())
            .with_context(|| self.cannot("run.json"))
    }

    fn cannot(&self, file: &str) -> String {
        format!("cannot write {}", self.path.join(file).display())
    }

    fn stepped(&mut self, metrics: &StepMetrics) -> Result<()> {
        self.metrics.push(*metrics);
        self.info.iterations_done = metrics.iteration + 1;
        self.info.elapsed_secs = self.started.elapsed().as_secs_f64();
        serde_json::to_writer(&mut self.metrics_file, metrics)?;
        self.metrics_file.write_all(b"\n").with_context(|| self.cannot("metrics.jsonl"))
    }

    fn sampled(&mut self, trainer: &Trainer, samples: &Samples) -> Result<()> {
        let iteration = trainer.iteration();
        let image = |kind: &str| self.path.join(format!("images/{kind}-{iteration:07}.png"));
        let overview = self.path.join("images/overview.png");
        let plane = match &self.plane {
            Some(plane) => {
                let key = Key::new(trainer.recipe().seed).fold(PLANE_SAMPLES);
                let (metrics, panels) = plane.evaluate(trainer, key)?;
                plane.draw(&panels, &image("plane"))?;
                plane.draw(&panels, &overview)?;
                Some(metrics)
            }
            None => {
                let [start, refined] = [&samples.start, &samples.refined];
                let mut sets = vec![self.data.clone()];
                sets.extend(self.seen());
                sets.extend([start, refined].map(Tensor::clone));
                pictures::write_grids(std::slice::from_ref(start), &image("x0"))
                    .and_then(|()| {
                        pictures::write_grids(std::slice::from_ref(refined), &image("refined"))
                    })
                    .and_then(|()| pictures::write_strip(&samples.strip, &image("strip")))
                    .and_then(|()| pictures::write_grids(&sets, &overview))
                    .with_context(|| self.cannot("images"))?;
                None
            }
        };
        let accuracy = |images: &Tensor<4>| match (&self.judge, &self.conditions) {
            (Some(judge), Some(conditions)) => judge.accuracy(images, conditions).map(Some),
            _ => Ok(None),
        };
        let metrics = SampleMetrics {
            iteration,
            kernel_distance_x0: self.kernel_distance(&samples.start)?,
            kernel_distance_refined: self.kernel_distance(&samples.refined)?,
            accuracy_x0: accuracy(&samples.start)?,
            accuracy_refined: accuracy(&samples.refined)?,
            diversity_data: mean_pairwise_distance(self.data.clone()),
            diversity_x0: mean_pairwise_distance(samples.start.clone()),
            diversity_refined: mean_pairwise_distance(samples.refined.clone()),
            plane,
        };
        self.samples.push(metrics);
        self.events.fields("samples", iteration, &metrics)?;
        let line = serde_json::to_string(&metrics)?;
        writeln!(self.samples_file, "{line}").with_context(|| self.cannot("samples.jsonl"))?;
        // A report on the way: a run that is stopped leaves one too.
        self.report().map(drop)
    }
}

impl RunFolder {
    /// To the data of the grid; `None` of points in the plane, and of fewer than two images.
    fn kernel_distance(&self, samples: &Tensor<4>) -> Result<Option<f64>> {
        if self.plane.is_some() {
            return Ok(None);
        }
        let features = |images: &Tensor<4>| -> Result<FeatureSet> {
            let images = images.clone().clamp(-1.0, 1.0);
            Ok(match &self.features {
                Some(network) => FeatureSet::from_tensor(network.features(images)?)?,
                None => FeatureSet::from_tensor(images)?,
            })
        };
        let [data, samples] = [features(&self.data)?, features(samples)?];
        let enough = data.len() > 1 && samples.len() > 1;
        Ok(enough.then(|| kernel_distance(&data, &samples)).transpose()?)
    }

    /// What is seen of the images that are completed.
    fn seen(&self) -> Option<Tensor<4>> {
        let [_, channels, side, _] = self.data.dims();
        let Some(Condition::Image(conditions)) = &self.conditions else { return None };
        let [_, given, size, _] = conditions.dims();
        (size == side && given >= channels).then(|| conditions.clone().narrow(1, 0, channels))
    }
}

impl Listener for RunFolder {
    fn on(&mut self, trainer: &Trainer, event: Event<'_>) -> ListenerResult {
        self.events.on(trainer, event)?;
        match event {
            Event::Stepped(metrics) => self.stepped(metrics)?,
            Event::Sampled(samples) => self.sampled(trainer, samples)?,
            Event::CheckpointDue => {
                let name = format!("checkpoints/{:07}", trainer.iteration());
                trainer.save(&self.path.join(name))?;
            }
            _ => {}
        }
        Ok(())
    }
}
