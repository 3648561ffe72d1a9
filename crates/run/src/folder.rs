//! The folder of a run, filled during training.
//!
//! ```text
//! recipe.toml      the resolved recipe        metrics.jsonl   one line for each iteration
//! samples.jsonl    one line for each preview  images/         PNG grids and film strips
//! run.json         version, device, times     events.out.…    the same metrics for TensorBoard
//! checkpoints/     see `ebm_teaching`         plots/          SVG curves
//! report.html      everything on one page     run.lock        held while a process trains
//! guard.jsonl      alarms and roll-backs, if any      final.jsonl   measures at the end
//! *.before-resume-N.*   what a run had beyond the checkpoint N that it went on from
//! ```

use std::error::Error;
use std::fmt::Display;
use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::time::Instant;

use burn::tensor::Tensor;
use ebm::metrics::features::{Classifier, FeatureNetwork};
use ebm::metrics::{FeatureSet, kernel_distance, mean_pairwise_distance};
use ebm::noise::{Key, streams};
use ebm::teaching::{
    CHECKPOINT_STATE, Event, Listener, RecipeChange, RollBack, Samples, StepMetrics, Trainer,
    checkpoint_name,
};
use ebm::tensor::Condition;
use ebm_files::write_file;

use crate::class_accuracy::{ClassAccuracy, built_in_classifier};
use crate::eval::EvalLine;
use crate::history::{History, replace_recipe};
use crate::lock::Lock;
use crate::plane::Plane;
use crate::record::{GuardRecord, Resumed, RunInfo, SampleMetrics};
use crate::report::Record;
use crate::source::Preview;
use crate::tensorboard::EventFile;
use crate::{Result, RunError, pictures, report};

/// A listener that fills the folder of a run: metrics, previews, checkpoints and a report.
///
/// Pass it to [`train`](ebm::teaching::train), or send it the [events](Event) of a training loop of
/// your own, and call [`report`](Self::report) at the end.
#[derive(Debug)]
pub struct RunFolder {
    path: PathBuf,
    metrics_file: BufWriter<File>,
    metrics: Vec<StepMetrics>,
    events: EventFile,
    samples_file: File,
    samples: Vec<SampleMetrics>,
    guard: Vec<GuardRecord>,
    measures: Vec<EvalLine>,
    preview: Preview,
    class_accuracy: Option<ClassAccuracy>,
    features: Option<Classifier>,
    /// The density in the plane that samples are compared with.
    plane: Option<Plane>,
    info: RunInfo,
    recipe: String,
    started: Instant,
    /// The time that training in this folder took before, in seconds.
    before_secs: f64,
    _lock: Lock,
}

impl RunFolder {
    /// Creates the folder and writes everything that is known at the start, so that a folder which
    /// cannot be written is found before any work is done. `requested_device` is the device as the
    /// user named it, for the record.
    ///
    /// # Errors
    /// [`RunError::Write`] if the folder cannot be written.
    pub fn create(
        path: impl Into<PathBuf>,
        trainer: &Trainer,
        preview: Preview,
        requested_device: impl Display,
    ) -> Result<Self> {
        Self::open(path.into(), trainer, preview, requested_device, false)
    }

    /// Goes on in the folder of a run, whose records up to the trainer's iteration are continued.
    /// Nothing is lost: later records of a run that was killed after its last checkpoint, and a
    /// recipe that differs from the trainer's, are kept under names with `before-resume`.
    ///
    /// # Errors
    /// [`RunError::Read`] for records that cannot be read, [`RunError::Write`] if the folder cannot
    /// be written, [`RunError::Unsuitable`] if another process trains in it.
    pub fn resume(
        path: impl Into<PathBuf>,
        trainer: &Trainer,
        preview: Preview,
        requested_device: impl Display,
    ) -> Result<Self> {
        Self::open(path.into(), trainer, preview, requested_device, true)
    }

    fn open(
        path: PathBuf,
        trainer: &Trainer,
        preview: Preview,
        requested_device: impl Display,
        resume: bool,
    ) -> Result<Self> {
        let cannot = |error: RunError| {
            error.context(format!("cannot write the run's folder {}", path.display()))
        };
        for folder in ["images", "plots", "checkpoints"] {
            let folder = path.join(folder);
            fs::create_dir_all(&folder).map_err(RunError::writing(&folder)).map_err(cannot)?;
        }
        let lock = Lock::of(&path).map_err(cannot)?;
        let recipe = trainer.recipe().to_toml()?;
        let history = if resume {
            let history = History::up_to(&path, trainer.iteration())?;
            replace_recipe(&path, trainer.iteration(), &recipe)?;
            history
        } else {
            write(&path.join("recipe.toml"), |path| fs::write(path, &recipe)).map_err(cannot)?;
            History::default()
        };
        let plane = preview.density.map(Plane::new).transpose()?;
        if plane.is_none() {
            let data = std::slice::from_ref(&preview.data);
            write(&path.join("images/data.png"), |path| pictures::write_grids(data, path))
                .map_err(cannot)?;
        }
        let mut records = File::options();
        records.create(true).write(true).append(resume).truncate(!resume);
        let metrics_file = write(&path.join("metrics.jsonl"), |path| records.open(path));
        let samples_file = write(&path.join("samples.jsonl"), |path| records.open(path));
        let new_info = || RunInfo {
            name: trainer.recipe().name.clone(),
            description: trainer.recipe().description.clone(),
            version: env!("CARGO_PKG_VERSION").into(),
            device_asked: requested_device.to_string(),
            device: format!("{:?}", trainer.device()),
            first_iteration: trainer.iteration(),
            iterations_done: trainer.iteration(),
            elapsed_secs: 0.0,
            resumed: Vec::new(),
        };
        let mut info = history.info.unwrap_or_else(new_info);
        info.iterations_done = trainer.iteration();
        let folder = Self {
            metrics_file: BufWriter::new(metrics_file.map_err(cannot)?),
            metrics: history.metrics,
            events: write(&path, EventFile::create).map_err(cannot)?,
            samples_file: samples_file.map_err(cannot)?,
            samples: history.samples,
            guard: history.guard,
            measures: Vec::new(),
            preview,
            class_accuracy: ClassAccuracy::for_recipe(trainer.recipe(), trainer.device())?,
            features: built_in_classifier(&trainer.recipe().data.set, trainer.device())?,
            plane,
            before_secs: info.elapsed_secs,
            info,
            recipe,
            started: Instant::now(),
            _lock: lock,
            path,
        };
        if let Some(observed) = folder.observed() {
            write(&folder.path.join("images/seen.png"), |path| {
                pictures::write_grids(&[observed], path)
            })?;
        }
        folder.write_info()?;
        Ok(folder)
    }

    /// Notes in `run.json` that the run goes on from a checkpoint, and what has changed in its
    /// recipe. `requested_device` is the device as the user named it.
    ///
    /// # Errors
    /// [`RunError::Write`].
    pub fn record_resume(
        &mut self,
        checkpoint: &Path,
        trainer: &Trainer,
        requested_device: impl Display,
        changes: Vec<RecipeChange>,
    ) -> Result<()> {
        self.info.resumed.push(Resumed {
            iteration: trainer.iteration(),
            checkpoint: checkpoint.display().to_string(),
            version: env!("CARGO_PKG_VERSION").into(),
            device_asked: requested_device.to_string(),
            device: format!("{:?}", trainer.device()),
            changes,
        });
        self.write_info()
    }

    /// Returns the path of the folder.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Returns the conditions of the preview samples.
    pub(crate) fn conditions(&self) -> Option<&Condition> {
        self.preview.conditions.as_ref()
    }

    /// Writes the plots and the report, and returns the path of the report.
    ///
    /// # Errors
    /// [`RunError::Write`] if a file cannot be written.
    pub fn report(&mut self) -> Result<PathBuf> {
        self.flush_metrics()?;
        let events = self.path.join("events.out.tfevents");
        self.events.flush().map_err(RunError::writing(&events))?;
        self.write_info()?;
        let record = Record {
            info: &self.info,
            recipe: &self.recipe,
            metrics: &self.metrics,
            samples: &self.samples,
            guard: &self.guard,
            measures: &self.measures,
        };
        report::write(&self.path, &record)?;
        Ok(self.path.join("report.html"))
    }

    fn flush_metrics(&mut self) -> Result<()> {
        let path = self.path.join("metrics.jsonl");
        self.metrics_file.flush().map_err(RunError::writing(&path))
    }

    fn write_info(&self) -> Result<()> {
        let path = self.path.join("run.json");
        let text = serde_json::to_string_pretty(&self.info).map_err(RunError::writing(&path))?;
        Ok(write_file(&path, (text + "\n").as_bytes())?)
    }

    fn stepped(&mut self, metrics: &StepMetrics) -> Result<()> {
        self.metrics.push(*metrics);
        self.info.iterations_done = metrics.iteration + 1;
        self.info.elapsed_secs = self.before_secs + self.started.elapsed().as_secs_f64();
        let path = self.path.join("metrics.jsonl");
        serde_json::to_writer(&mut self.metrics_file, metrics).map_err(RunError::writing(&path))?;
        self.metrics_file.write_all(b"\n").map_err(RunError::writing(&path))
    }

    fn sampled(&mut self, trainer: &Trainer, samples: &Samples) -> Result<()> {
        let iteration = trainer.iteration();
        let image = |kind: &str| self.path.join(format!("images/{kind}-{iteration:07}.png"));
        let overview = self.path.join("images/overview.png");
        let plane = match &self.plane {
            Some(plane) => {
                let key = Key::new(trainer.recipe().seed).fold(streams::run::PLANE_SAMPLES);
                let (metrics, panels) = plane.evaluate(trainer, key)?;
                plane.draw(&panels, &image("plane"))?;
                plane.draw(&panels, &overview)?;
                Some(metrics)
            }
            None => {
                let [start, refined] = [&samples.start, &samples.refined];
                let mut sets = vec![self.preview.data.clone()];
                sets.extend(self.observed());
                sets.extend([start, refined].map(Tensor::clone));
                for (kind, images) in [("x0", start), ("refined", refined)] {
                    let images = std::slice::from_ref(images);
                    write(&image(kind), |path| pictures::write_grids(images, path))?;
                }
                write(&image("strip"), |path| pictures::write_strip(&samples.strip, path))?;
                write(&overview, |path| pictures::write_grids(&sets, path))?;
                None
            }
        };
        let accuracy = |images: &Tensor<4>| match (&self.class_accuracy, &self.preview.conditions) {
            (Some(accuracy), Some(conditions)) => accuracy.measure(images, conditions).map(Some),
            _ => Ok(None),
        };
        let metrics = SampleMetrics {
            iteration,
            kernel_distance_x0: self.kernel_distance(&samples.start)?,
            kernel_distance_refined: self.kernel_distance(&samples.refined)?,
            accuracy_x0: accuracy(&samples.start)?,
            accuracy_refined: accuracy(&samples.refined)?,
            diversity_data: mean_pairwise_distance(self.preview.data.clone()),
            diversity_x0: mean_pairwise_distance(samples.start.clone()),
            diversity_refined: mean_pairwise_distance(samples.refined.clone()),
            plane,
        };
        self.samples.push(metrics);
        let path = self.path.join("samples.jsonl");
        self.events.fields("samples", iteration, &metrics).map_err(RunError::writing(&path))?;
        let line = serde_json::to_string(&metrics).map_err(RunError::writing(&path))?;
        writeln!(self.samples_file, "{line}").map_err(RunError::writing(&path))?;
        // A run that is stopped leaves a report as well.
        self.report().map(drop)
    }

    /// Keeps the measures of the end of the run, in `final.jsonl` and for the report.
    pub(crate) fn record_measures(&mut self, lines: Vec<EvalLine>) -> Result<()> {
        let path = self.path.join("final.jsonl");
        let text = lines.iter().map(serde_json::to_string).collect::<Result<Vec<_>, _>>();
        let text = text.map_err(RunError::writing(&path))?.join("\n") + "\n";
        self.measures = lines;
        Ok(write_file(&path, text.as_bytes())?)
    }

    fn rolled_back(&mut self, roll_back: &RollBack) -> Result<()> {
        let RollBack { from, to, number, energy_learning_rate, .. } = roll_back;
        let text = format!(
            "roll-back {number}: from iteration {from} to {to}, the energy's learning rate is now \
             {energy_learning_rate:e}"
        );
        tracing::warn!("{text} ({})", roll_back.reason);
        // Curves show the run as it went on; the file keeps every line.
        self.metrics.retain(|metrics| metrics.iteration < *to);
        self.samples.retain(|samples| samples.iteration <= *to);
        self.note(GuardRecord::new(*from, format!("{text}; reason: {}", roll_back.reason)))
    }

    /// Appends a line to the file of alarms and roll-backs, which healthy runs do not have.
    fn note(&mut self, record: GuardRecord) -> Result<()> {
        let path = self.path.join("guard.jsonl");
        let line = serde_json::to_string(&record).map_err(RunError::writing(&path))?;
        self.guard.push(record);
        write(&path, |path| {
            let mut file = File::options().create(true).append(true).open(path)?;
            writeln!(file, "{line}")
        })
    }

    fn checkpoint_path(&self, iteration: u64) -> PathBuf {
        self.path.join("checkpoints").join(checkpoint_name(iteration))
    }

    /// Returns the distance of samples to the preview data; `None` for points in the plane and for
    /// fewer than two images.
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
        let [data, samples] = [features(&self.preview.data)?, features(samples)?];
        let enough = data.len() > 1 && samples.len() > 1;
        Ok(enough.then(|| kernel_distance(&data, &samples)).transpose()?)
    }

    /// Returns the observed parts of the preview images, for a run that completes images.
    fn observed(&self) -> Option<Tensor<4>> {
        let [_, channels, side, _] = self.preview.data.dims();
        let Some(Condition::Image(conditions)) = &self.preview.conditions else { return None };
        let [_, given, size, _] = conditions.dims();
        (size == side && given >= channels).then(|| conditions.clone().narrow(1, 0, channels))
    }
}

impl Listener for RunFolder {
    fn on(
        &mut self,
        trainer: &Trainer,
        event: Event<'_>,
    ) -> Result<(), Box<dyn Error + Send + Sync>> {
        self.events.on(trainer, event)?;
        match event {
            Event::Stepped(metrics) => self.stepped(metrics)?,
            Event::Sampled(samples) => self.sampled(trainer, samples)?,
            Event::CheckpointDue => {
                // The records of a killed run reach as far as its last checkpoint.
                self.flush_metrics()?;
                trainer.save(&self.checkpoint_path(trainer.iteration()))?;
            }
            Event::Alarm(alarm) => {
                let remedy = alarm.metric.remedy();
                tracing::warn!("{alarm}; {remedy}");
                self.note(GuardRecord::new(alarm.iteration, format!("{alarm}; {remedy}")))?;
            }
            Event::RolledBack(roll_back) => self.rolled_back(roll_back)?,
            _ => {}
        }
        Ok(())
    }

    fn checkpoint(&self, iteration: u64) -> Option<PathBuf> {
        let path = self.checkpoint_path(iteration);
        path.join(CHECKPOINT_STATE).is_file().then_some(path)
    }
}

/// Writes something at a path and names the path if that fails.
fn write<T, E: Into<Box<dyn Error + Send + Sync>>>(
    path: &Path,
    write: impl FnOnce(&Path) -> Result<T, E>,
) -> Result<T> {
    write(path).map_err(RunError::writing(path))
}
