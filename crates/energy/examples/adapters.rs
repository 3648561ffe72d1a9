//! Wraps an energy by adapters, some of them only if a setting asks for them.

#![allow(clippy::print_stdout, reason = "an example")]

use burn::tensor::{Device, Tensor};
use ebm_energy::{
    Bridge, Either, Energy, Gaussian, GaussianReference, GradientClip, Tempered, prepare,
};

/// The settings that a program offers to its users.
struct Settings {
    reference_std: Option<f64>,
    gradient_clip: Option<f64>,
    temperature: Option<f64>,
}

/// (U(x) + ‖x‖²/(2σ²)) / T with a clipped gradient. An absent setting costs nothing.
fn model(energy: impl Energy<2>, settings: &Settings) -> impl Energy<2> {
    let energy = Either::wrap(energy, settings.reference_std, GaussianReference::new);
    let energy = Either::wrap(energy, settings.gradient_clip, GradientClip::new);
    Either::wrap(energy, settings.temperature, Tempered::new)
}

fn main() {
    let x = Tensor::<2>::from_data([[3.0]], &Device::flex());
    let narrow = Gaussian { mean: 0.0, std: 1.0 };
    let show = |name: &str, energy: &dyn Energy<2>| {
        // One preparation would serve any number of evaluations.
        let (value, gradient) = prepare(energy).energy_and_gradient(x.clone());
        let (value, gradient): (f32, f32) = (value.into_scalar(), gradient.into_scalar());
        println!("{name:<20} U = {value:5.2}   ∂U/∂x = {gradient:5.2}");
    };

    let all =
        Settings { reference_std: Some(1.0), gradient_clip: Some(2.0), temperature: Some(0.5) };
    let none = Settings { reference_std: None, gradient_clip: None, temperature: None };
    show("x²/2", &narrow);
    show("no adapters", &model(narrow, &none));
    show("all adapters", &model(narrow, &all));
    show("halfway to N(0, 9)", &Bridge::new(narrow, Gaussian { mean: 0.0, std: 3.0 }, 0.5));
}
