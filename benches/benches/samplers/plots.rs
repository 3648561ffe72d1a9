//! The plots of a target, as SVG with logarithmic axes.

use anyhow::Result;
use plotters::coord::ranged1d::Ranged;
use plotters::prelude::*;

use crate::row::Row;

const WIDTH: u32 = 480;

const COLOURS: [RGBColor; 10] = [
    RGBColor(31, 119, 180),
    RGBColor(255, 127, 14),
    RGBColor(44, 160, 44),
    RGBColor(214, 39, 40),
    RGBColor(148, 103, 189),
    RGBColor(140, 86, 75),
    RGBColor(227, 119, 194),
    RGBColor(127, 127, 127),
    RGBColor(188, 189, 34),
    RGBColor(23, 190, 207),
];

type Chart<'a, X, Y> = ChartContext<'a, SVGBackend<'a>, Cartesian2d<X, Y>>;

/// Draws a line for each kernel, with a mark for each number of chains: hollow where chains have
/// not mixed, a cross where moments are biased. Returns an empty text if there is no number to
/// show.
pub(crate) fn by_kernel(title: &str, rows: &[Row], value: fn(&Row) -> f64) -> Result<String> {
    let Some([low, high]) = range(rows, value) else { return Ok(String::new()) };
    let (kernels, sizes) =
        (distinct(rows, |row| row.cell.kernel), distinct(rows, |row| row.cell.chains));
    let height = 90 + 22 * kernels.len().max(3) as u32;
    let mut svg = String::new();
    {
        let area = SVGBackend::with_string(&mut svg, (WIDTH, height)).into_drawing_area();
        let lines = (0..kernels.len() as i32).into_segmented();
        let mut chart = ChartBuilder::on(&area)
            .caption(title, ("sans-serif", 15))
            .margin(8)
            .x_label_area_size(24)
            .y_label_area_size(90)
            .build_cartesian_2d((low..with_room([low, high])).log_scale(), lines)?;
        chart
            .configure_mesh()
            .light_line_style(TRANSPARENT)
            .y_labels(kernels.len())
            .y_label_formatter(&|line| match line {
                // From top to bottom.
                SegmentValue::CenterOf(i) => {
                    kernels.iter().rev().nth(*i as usize).map_or("", |name| name).to_owned()
                }
                _ => String::new(),
            })
            .x_label_formatter(&|x| tick(*x))
            .draw()?;
        for (size, colour) in sizes.iter().zip(COLOURS) {
            let shown = rows.iter().filter(|row| row.cell.chains == *size && value(row) > 0.0);
            let marks = shown.map(|row| {
                let line = kernels.iter().rev().position(|name| *name == row.cell.kernel);
                let at = (value(row), SegmentValue::CenterOf(line.unwrap_or(0) as i32));
                match row.verdict.as_str() {
                    "mixed" => Circle::new(at, 4, colour.filled()).into_dyn(),
                    "biased" => Cross::new(at, 4, colour.stroke_width(2)).into_dyn(),
                    _ => Circle::new(at, 4, colour.stroke_width(1)).into_dyn(),
                }
            });
            chart
                .draw_series(marks)?
                .label(format!("{size} chains"))
                .legend(move |at| Circle::new(at, 4, colour.filled()));
        }
        legend(&mut chart)?;
        area.present()?;
    }
    Ok(svg)
}

/// Draws a curve for each kernel. Returns an empty text if there is no number to show.
pub(crate) fn against_chains(title: &str, rows: &[Row], value: fn(&Row) -> f64) -> Result<String> {
    let chains = |row: &Row| row.cell.chains as f64;
    let (Some([low, high]), Some([fewest, most])) = (range(rows, value), range(rows, chains))
    else {
        return Ok(String::new());
    };
    let mut svg = String::new();
    {
        let area = SVGBackend::with_string(&mut svg, (WIDTH, 310)).into_drawing_area();
        let mut chart = ChartBuilder::on(&area)
            .caption(title, ("sans-serif", 15))
            .margin(8)
            .x_label_area_size(36)
            .y_label_area_size(60)
            .build_cartesian_2d(
                (fewest..with_room([fewest, most])).log_scale(),
                (low..high).log_scale(),
            )?;
        chart
            .configure_mesh()
            .light_line_style(TRANSPARENT)
            .x_desc("chains")
            .x_label_formatter(&|x| tick(*x))
            .y_label_formatter(&|y| tick(*y))
            .draw()?;
        for (kernel, colour) in distinct(rows, |row| row.cell.kernel).into_iter().zip(COLOURS) {
            let shown = rows.iter().filter(|row| row.cell.kernel == kernel && value(row) > 0.0);
            let points: Vec<(f64, f64)> = shown.map(|row| (chains(row), value(row))).collect();
            chart.draw_series(points.iter().map(|at| Circle::new(*at, 3, colour.filled())))?;
            chart
                .draw_series(LineSeries::new(points, colour))?
                .label(kernel)
                .legend(move |(x, y)| PathElement::new([(x, y), (x + 16, y)], colour));
        }
        legend(&mut chart)?;
        area.present()?;
    }
    Ok(svg)
}

fn legend<'a, X: Ranged, Y: Ranged>(chart: &mut Chart<'a, X, Y>) -> Result<()> {
    chart
        .configure_series_labels()
        .position(SeriesLabelPosition::UpperRight)
        .border_style(BLACK.mix(0.3))
        .background_style(WHITE.mix(0.8))
        .draw()?;
    Ok(())
}

/// Returns the range of the positive values, with a margin.
fn range(rows: &[Row], value: impl Fn(&Row) -> f64) -> Option<[f64; 2]> {
    let values = rows.iter().map(value).filter(|value| *value > 0.0 && value.is_finite());
    let [low, high] = values.fold(None, |range: Option<[f64; 2]>, value| {
        let [low, high] = range.unwrap_or([value; 2]);
        Some([low.min(value), high.max(value)])
    })?;
    Some([low / 1.5, high * 1.5])
}

/// Returns the end of an axis of which a third is left to the legend.
fn with_room([low, high]: [f64; 2]) -> f64 {
    high * (high / low).sqrt()
}

/// Returns the distinct values, in the order of their first occurrence.
fn distinct<T: PartialEq>(rows: &[Row], of: impl Fn(&Row) -> T) -> Vec<T> {
    let mut all = Vec::new();
    for value in rows.iter().map(of) {
        if !all.contains(&value) {
            all.push(value);
        }
    }
    all
}

/// Formats a tick, 2e5 rather than 200000.
fn tick(value: f64) -> String {
    if (1e-2..1e4).contains(&value) { format!("{value}") } else { format!("{value:e}") }
}
