//! The report: one page that needs no other file and no network.

use std::fs;
use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ebm::teaching::StepMetrics;
use ebm_files::write_file;
use minijinja::value::Serde;
use minijinja::{AutoEscape, Environment, context};

use crate::eval::EvalLine;
use crate::plane::PlaneMetrics;
use crate::plots::{self, Curve};
use crate::record::{GuardRecord, RunInfo, SampleMetrics};
use crate::{Result, RunError};

const TEMPLATE: &str = include_str!("report.html");
/// The most points of a curve; more would only enlarge the file.
const MAX_POINTS: usize = 400;

/// Everything that a report shows besides pictures.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Record<'a> {
    pub(crate) info: &'a RunInfo,
    pub(crate) recipe: &'a str,
    pub(crate) metrics: &'a [StepMetrics],
    pub(crate) samples: &'a [SampleMetrics],
    pub(crate) guard: &'a [GuardRecord],
    pub(crate) measures: &'a [EvalLine],
}

/// Writes the plots and the page.
pub(crate) fn write(folder: &Path, record: &Record<'_>) -> Result<()> {
    let Record { info, recipe, metrics, samples, guard, measures } = *record;
    let draw = |title: &str, curves: &[Curve<'_>]| plots::draw("iteration", title, curves);
    let curve =
        |name, value: fn(&StepMetrics) -> Option<f64>| Curve { name, points: thin(metrics, value) };
    let pictured = samples.last().map_or(0, |last| last.iteration);
    let of_samples = |name, value: fn(&SampleMetrics) -> Option<f64>| {
        let point = |m: &SampleMetrics| value(m).map(|y| (m.iteration as f64, y));
        Curve { name, points: samples.iter().filter_map(point).collect() }
    };
    let kl = |name, value: fn(&PlaneMetrics) -> Option<f64>| {
        let point =
            |m: &SampleMetrics| Some((m.iteration as f64, m.plane.as_ref().and_then(value)?));
        Curve { name, points: samples.iter().filter_map(point).collect() }
    };
    let plots = [
        (
            "kl",
            draw(
                "KL from the data's density, in nats, on a grid",
                &[
                    kl("energy p_θ", |m| m.kl_energy),
                    kl("x₀, smoothed", |m| Some(m.kl_x0)),
                    kl("x̃, smoothed", |m| Some(m.kl_refined)),
                    kl("exact draws, smoothed", |m| Some(m.kl_floor)),
                ],
            )?,
        ),
        (
            "energy",
            draw("Energy loss: mean f(x̃) − mean f(x)", &[curve("energy loss", |m| m.energy_loss)])?,
        ),
        (
            "condition",
            draw(
                "Distinguishing conditions: mean log(1 + exp(f(x, c′) − f(x, c)))",
                &[curve("condition loss", |m| m.condition_loss)],
            )?,
        ),
        (
            "vae",
            draw(
                "VAE loss on refined samples",
                &[
                    curve("reconstruction ‖x̃ − g(z)‖²", |m| m.reconstruction),
                    curve("KL (nats)", |m| m.kl),
                ],
            )?,
        ),
        (
            "curvature",
            draw(
                "Largest curvature of U × step: Langevin steps overshoot above 1",
                &[
                    curve("at data", |m| m.curvature_data),
                    curve("at samples", |m| m.curvature_samples),
                ],
            )?,
        ),
        (
            "acceptance",
            draw(
                "Langevin steps: acceptance by Metropolis, and secant curvature × step",
                &[curve("acceptance", |m| m.acceptance), curve("stiffness", |m| m.stiffness)],
            )?,
        ),
        (
            "displacement",
            draw(
                "Distance of Langevin states from their initial states",
                &[curve("mean ‖x̃ − x₀‖", |m| Some(m.displacement))],
            )?,
        ),
        (
            "diversity",
            draw(
                "Mean distance between two preview images",
                &[
                    of_samples("data", |m| m.diversity_data),
                    of_samples("x₀", |m| m.diversity_x0),
                    of_samples("x̃", |m| m.diversity_refined),
                ],
            )?,
        ),
    ];
    let accuracy = draw(
        "Samples that a classifier assigns to the class asked for",
        &[of_samples("x₀", |m| m.accuracy_x0), of_samples("x̃", |m| m.accuracy_refined)],
    )?;
    let distance = draw(
        "Kernel distance of preview samples to data",
        &[
            of_samples("x₀", |m| m.kernel_distance_x0),
            of_samples("x̃", |m| m.kernel_distance_refined),
        ],
    )?;
    let plots = plots
        .into_iter()
        .chain([("accuracy", accuracy), ("distance", distance)])
        .collect::<Vec<_>>();
    // A curve without points has no plot.
    for (name, svg) in plots.iter().filter(|(_, svg)| !svg.is_empty()) {
        let path = folder.join(format!("plots/{name}.svg"));
        write_file(&path, svg.as_bytes())?;
    }
    let picture = |name: &str| -> Result<String> {
        let path = folder.join("images").join(name);
        // A run that ends before its first evaluation has no samples.
        if !path.exists() {
            return Ok(String::new());
        }
        let picture = fs::read(&path).map_err(RunError::reading(&path))?;
        Ok(format!("data:image/png;base64,{}", STANDARD.encode(picture)))
    };
    let mut environment = Environment::new();
    environment.set_auto_escape_callback(|_| AutoEscape::Html);
    let values = context! {
        info => Serde(info),
        recipe,
        pictured,
        minutes => format!("{:.1}", info.elapsed_secs / 60.0),
        last => Serde(metrics.last()),
        guard => Serde(guard),
        measures => Serde(measures),
        plots => plots.iter().map(|(_, svg)| svg.clone()).collect::<Vec<_>>(),
        data => picture("data.png")?,
        seen => picture("seen.png")?,
        start => picture(&format!("x0-{pictured:07}.png"))?,
        refined => picture(&format!("refined-{pictured:07}.png"))?,
        strip => picture(&format!("strip-{pictured:07}.png"))?,
        plane => picture(&format!("plane-{pictured:07}.png"))?,
    };
    let page = environment
        .template_from_str(TEMPLATE)
        .and_then(|template| template.render(values))
        .map_err(|error| RunError::Render(error.into()))?;
    Ok(write_file(&folder.join("report.html"), page.as_bytes())?)
}

/// Reduces a curve to means over equal numbers of iterations, of those that have the value.
fn thin(metrics: &[StepMetrics], value: fn(&StepMetrics) -> Option<f64>) -> Vec<(f64, f64)> {
    let length = metrics.len().div_ceil(MAX_POINTS).max(1);
    metrics
        .chunks(length)
        .filter_map(|chunk| {
            let points: Vec<(f64, f64)> =
                chunk.iter().filter_map(|m| Some((m.iteration as f64, value(m)?))).collect();
            let mean = |of: fn(&(f64, f64)) -> f64| {
                points.iter().map(of).sum::<f64>() / points.len() as f64
            };
            (!points.is_empty()).then(|| (mean(|point| point.0), mean(|point| point.1)))
        })
        .collect()
}
