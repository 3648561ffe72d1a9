//! Comparison of a model with the density in the plane that it learned.

mod panels;

use std::path::Path;

use burn::tensor::{Tensor, TensorData};
use ebm::data::Density;
use ebm::energy::prepare;
use ebm::metrics::Grid;
use ebm::noise::Key;
use ebm::teaching::{SampleRequest, Trainer};
use ebm::tensor::values_f64;
use serde::{Deserialize, Serialize};

use crate::{Result, RunError};

/// The cells of the grid fill [−2, 2]²: the data lie in [−1, 1]², and an energy may have mass
/// around them.
const HALF_SIDE: f64 = 2.0;
/// The number of cells along a side, of width 0.02.
const CELLS: usize = 200;
/// The number of samples of a model.
const SAMPLES: usize = 10_000;
/// The standard deviation of the Gaussian that smooths samples.
const BANDWIDTH: f64 = 0.02;
/// The number of samples in a picture.
const SHOWN: usize = 2_000;
/// A picture shows the cells of [−1, 1]², where the data lie.
const MARGIN: usize = CELLS / 4;

/// A density and its logarithm on a grid.
#[derive(Clone, Debug)]
pub struct Plane {
    grid: Grid,
    data_log: Vec<f64>,
    /// The KL divergence to as many exact draws, smoothed in the same way: the lower limit of
    /// `kl_x0` and `kl_refined`.
    floor: f64,
}

/// The KL divergences from the data's density on a grid, in nats. Sets of 10 000 samples are
/// smoothed with a bandwidth of 0.02.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct PlaneMetrics {
    /// The divergence KL(data ‖ p_θ), by quadrature; `None` without an energy.
    pub kl_energy: Option<f64>,
    /// The divergence KL(data ‖ samples x₀ of the student, smoothed).
    pub kl_x0: f64,
    /// The divergence KL(data ‖ refined samples, smoothed).
    pub kl_refined: f64,
    /// The divergence KL(data ‖ exact draws, smoothed): the value of a perfect sampler.
    pub kl_floor: f64,
}

/// The content of a picture of a model.
#[derive(Clone, Debug)]
pub struct Panels {
    model_log: Option<Vec<f64>>,
    start: Vec<[f64; 2]>,
    refined: Vec<[f64; 2]>,
}

impl Plane {
    /// Evaluates a density on the grid.
    ///
    /// # Errors
    /// [`RunError::Grid`] if the density has no mass there.
    pub fn new(density: Density) -> Result<Self> {
        let grid = Grid::new(-HALF_SIDE, HALF_SIDE, CELLS)?;
        let logs: Vec<f64> = grid.points().into_iter().map(|x| density.log_density(x)).collect();
        let data_log = grid.log_normalise(&logs)?;
        let draws = density.sample(SAMPLES, Key::new(0));
        let floor = grid.kl(&data_log, &grid.sample_density(&draws, BANDWIDTH)?)?;
        Ok(Self { grid, data_log, floor })
    }

    /// Compares a model with the density; its samples follow from `key`.
    ///
    /// # Errors
    /// [`RunError::Teaching`] if a chain diverges, [`RunError::Grid`] if a density has no mass on
    /// the grid.
    pub fn evaluate(&self, trainer: &Trainer, key: Key) -> Result<(PlaneMetrics, Panels)> {
        let model_log = self.model_log(trainer)?;
        let samples = trainer.sample(SampleRequest::new(SAMPLES, key))?;
        let [start, refined] = [samples.start, samples.refined].map(points);
        let kl = |points: &[[f64; 2]]| -> Result<f64> {
            Ok(self.grid.kl(&self.data_log, &self.grid.sample_density(points, BANDWIDTH)?)?)
        };
        let metrics = PlaneMetrics {
            kl_energy: match &model_log {
                Some(model) => Some(self.grid.kl(&self.data_log, model)?),
                None => None,
            },
            kl_x0: kl(&start)?,
            kl_refined: kl(&refined)?,
            kl_floor: self.floor,
        };
        Ok((metrics, Panels { model_log, start, refined }))
    }

    /// Returns log p_θ on the grid; `None` without an energy.
    fn model_log(&self, trainer: &Trainer) -> Result<Option<Vec<f64>>> {
        if !trainer.has_energy() {
            return Ok(None);
        }
        let model = trainer.model(None)?;
        let values: Vec<f32> = self.grid.points().iter().flatten().map(|&x| x as f32).collect();
        let shape = [CELLS * CELLS, 2, 1, 1];
        let x = Tensor::<4>::from_data(TensorData::new(values, shape), trainer.device());
        let energies = prepare(&model).energy(x);
        let logs = values_f64(energies.neg());
        Ok(Some(self.grid.log_normalise(&logs)?))
    }

    /// Draws the data's density, p_θ, x₀ and refined samples side by side.
    ///
    /// # Errors
    /// [`RunError::Write`] if the picture cannot be written.
    pub fn draw(&self, panels: &Panels, path: &Path) -> Result<()> {
        let nothing = vec![f64::NEG_INFINITY; CELLS * CELLS];
        let logs = [&self.data_log, panels.model_log.as_ref().unwrap_or(&nothing)];
        let logs = logs.map(|logs| middle(logs));
        let samples = [&panels.start, &panels.refined].map(|points| &points[..SHOWN]);
        let grid = Grid::new(0.5 * -HALF_SIDE, 0.5 * HALF_SIDE, CELLS - 2 * MARGIN)?;
        panels::write(&grid, [&logs[0], &logs[1]], samples, path).map_err(RunError::writing(path))
    }
}

/// Returns the cells within the margin.
fn middle(logs: &[f64]) -> Vec<f64> {
    let rows = logs.chunks(CELLS).skip(MARGIN).take(CELLS - 2 * MARGIN);
    rows.flat_map(|row| &row[MARGIN..CELLS - MARGIN]).copied().collect()
}

/// Returns samples `[batch, 2, 1, 1]` as points.
fn points(samples: Tensor<4>) -> Vec<[f64; 2]> {
    values_f64(samples).as_chunks().0.to_vec()
}
