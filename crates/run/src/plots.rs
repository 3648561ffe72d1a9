//! Line charts as SVG.

use plotters::prelude::*;

use crate::{Result, RunError};

/// A named curve.
#[derive(Clone, Debug)]
pub struct Curve<'a> {
    /// The name in the legend.
    pub name: &'a str,
    /// The points (x, y), connected in this order.
    pub points: Vec<(f64, f64)>,
}

const SIZE: (u32, u32) = (640, 300);
const COLOURS: [RGBColor; 4] =
    [RGBColor(31, 119, 180), RGBColor(214, 39, 40), RGBColor(44, 160, 44), RGBColor(127, 127, 127)];

/// Draws curves that share their axes, and returns the SVG. The text is empty if there are no
/// points.
///
/// # Errors
/// [`RunError::Render`]
pub fn draw(x_label: &str, title: &str, curves: &[Curve<'_>]) -> Result<String> {
    let points = || curves.iter().flat_map(|curve| curve.points.iter().copied());
    let Some(bounds) = bounds(points()) else { return Ok(String::new()) };
    let [x_low, x_high, y_low, y_high] = bounds;
    let mut svg = String::new();
    {
        let area = SVGBackend::with_string(&mut svg, SIZE).into_drawing_area();
        let mut chart = ChartBuilder::on(&area)
            .caption(title, ("sans-serif", 16))
            .margin(8)
            .x_label_area_size(32)
            .y_label_area_size(64)
            .build_cartesian_2d(x_low..x_high, y_low..y_high)
            .map_err(render)?;
        chart
            .configure_mesh()
            .light_line_style(TRANSPARENT)
            .x_desc(x_label)
            .y_label_formatter(&|y| tick(*y))
            .draw()
            .map_err(render)?;
        for (curve, colour) in curves.iter().zip(COLOURS.iter().cycle()) {
            chart
                .draw_series(LineSeries::new(curve.points.iter().copied(), colour))
                .map_err(render)?
                .label(curve.name)
                .legend(|(x, y)| PathElement::new([(x, y), (x + 16, y)], *colour));
        }
        chart
            .configure_series_labels()
            .border_style(BLACK.mix(0.3))
            .background_style(WHITE.mix(0.8))
            .draw()
            .map_err(render)?;
        area.present().map_err(render)?;
    }
    Ok(svg)
}

/// Converts an error of Plotters to its text, as such errors borrow from the plot.
fn render(error: impl std::error::Error) -> RunError {
    RunError::Render(error.to_string().into())
}

/// Returns the range of the points, slightly enlarged upwards and downwards, and never empty.
fn bounds(points: impl Iterator<Item = (f64, f64)>) -> Option<[f64; 4]> {
    let [x_low, x_high, y_low, y_high] =
        points.fold(None, |bounds: Option<[f64; 4]>, (x, y)| {
            let [x_low, x_high, y_low, y_high] = bounds.unwrap_or([x, x, y, y]);
            Some([x_low.min(x), x_high.max(x), y_low.min(y), y_high.max(y)])
        })?;
    let margin = (0.05 * (y_high - y_low)).max(1e-6 * y_high.abs()).max(1e-9);
    Some([x_low, x_high.max(x_low + 1.0), y_low - margin, y_high + margin])
}

fn tick(value: f64) -> String {
    if value != 0.0 && !(1e-2..1e5).contains(&value.abs()) {
        format!("{value:.1e}")
    } else {
        format!("{}", (value * 100.0).round() / 100.0)
    }
}
