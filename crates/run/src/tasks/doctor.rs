//! The health of a trained model: how stiff its energy is for the steps of its chains.

use std::fmt;

use ebm::noise::streams;
use ebm::teaching::{Examination, GuardedMetric};

use crate::reference::DataChoice;
use crate::{Result, TrainedRun};

/// The options of [`TrainedRun::doctor`].
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct DoctorOptions {
    /// The number of images and of chains.
    pub count: usize,
    /// The data set.
    pub data: DataChoice,
}

impl DoctorOptions {
    /// Creates options for `count` images of the recipe's data set, and as many chains.
    pub fn new(count: usize) -> Self {
        Self { count, data: DataChoice::default() }
    }
}

/// The result of an examination.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Checkup {
    /// The numbers.
    pub findings: Vec<Finding>,
}

/// A number, and what it says.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Finding {
    /// The name of the number.
    pub name: &'static str,
    /// The value.
    pub value: f64,
    /// The limit and the side on which the value should be, such as "below 0.7", if there is one.
    pub limit: Option<String>,
    /// What to change, if the value is beyond its limit.
    pub remedy: Option<&'static str>,
}

impl Checkup {
    /// Returns whether every number is within its limit.
    pub fn is_healthy(&self) -> bool {
        self.findings.iter().all(|finding| finding.remedy.is_none())
    }
}

impl fmt::Display for Checkup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for Finding { name, value, limit, remedy } in &self.findings {
            let verdict = match (limit, remedy) {
                (None, _) => String::new(),
                (Some(limit), None) => format!("fine: {limit}"),
                (Some(limit), Some(remedy)) => format!("NOT {limit}: {remedy}"),
            };
            writeln!(f, "{}", format!("{name:<42} {value:>10.3}  {verdict}").trim_end())?;
        }
        Ok(())
    }
}

impl TrainedRun {
    /// Examines the energy of the run with chains as in training, and compares its health with the
    /// limits of the recipe's `[guard]`.
    ///
    /// # Errors
    /// [`RunError::Teaching`](crate::RunError::Teaching) if the run has no energy or a chain
    /// diverges, [`RunError::Data`](crate::RunError::Data) if the data cannot be loaded.
    pub fn doctor(&self, options: &DoctorOptions) -> Result<Checkup> {
        let reference = self.reference(&options.data)?;
        let (indices, examples) = reference.spread(options.count, self.trainer().device());
        let examples = self.conditioned(&reference, &indices, examples);
        let key = self.key().fold(streams::doctor::EXAMINATION);
        let Examination { curvature_data, curvature_samples, health, f_data, f_samples, .. } =
            self.trainer().examine(examples, key)?;
        let guard = self.trainer().recipe().guard;
        let plain = |name, value| Finding { name, value, limit: None, remedy: None };
        let within = |name, value, ok: bool, limit: String, metric: GuardedMetric| Finding {
            name,
            value,
            limit: Some(limit),
            remedy: (!ok).then(|| metric.remedy()),
        };
        let curvature = |name, value: f64| {
            let limit = format!("below {}", guard.curvature);
            within(name, value, value < guard.curvature, limit, GuardedMetric::Curvature)
        };
        let mut findings = vec![
            curvature("largest curvature × step, at data", curvature_data),
            curvature("largest curvature × step, at samples", curvature_samples),
        ];
        if let Some(health) = health {
            if let Some(value) = health.acceptance {
                let (limit, name) =
                    (format!("above {}", guard.acceptance), "acceptance of Langevin steps");
                let ok = value > guard.acceptance;
                findings.push(within(name, value, ok, limit, GuardedMetric::Acceptance));
            }
            findings.push(plain("stiffness: secant curvature × step", health.stiffness));
            findings.push(plain("drift of a step, ‖∇U‖ × step", health.drift));
        }
        findings.push(plain("mean f over data", f_data));
        findings.push(plain("mean f over samples, less that over data", f_samples - f_data));
        findings.push(plain("learning rate of the energy, × 10⁶", {
            self.trainer().energy_learning_rate() * 1e6
        }));
        findings.push(plain("roll-backs", f64::from(self.trainer().roll_backs())));
        Ok(Checkup { findings })
    }
}
