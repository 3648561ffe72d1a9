//! The kernels, and the settings that they are measured with.

use ebm::mcmc::{
    Anisotropic, BlockGibbs, Gibbs, GibbsWithGradients, Hmc, Langevin, Mala, Nuts,
    ParallelTempering, PreconditionedSgld, Sgld, Underdamped,
};

use crate::cell::Bench;
use crate::targets::{Fused, States};

/// The relative step δ/ℓ of Langevin kernels without a Metropolis correction: their variance ℓ² is
/// 6.7 % too large.
const STEP: f64 = 0.5;

/// Measures every kernel that can sample the target.
pub(crate) fn measure(bench: &mut Bench<'_>) {
    match &bench.case.states {
        States::Continuous { scale, fused } => continuous(bench, *scale, fused.as_ref()),
        States::Binary { values, machine } => {
            let values = *values;
            bench.run("Gibbs", |_| Ok((Gibbs::new(values), f64::NAN)));
            bench.run("GWG", |_| Ok((GibbsWithGradients::new(values), f64::NAN)));
            if let Some(machine) = machine {
                bench.run("block Gibbs", |_| Ok((BlockGibbs::new(machine), f64::NAN)));
            }
        }
    }
}

fn continuous(bench: &mut Bench<'_>, scale: f64, fused: Option<&Fused>) {
    let step = STEP * scale;
    let langevin = Langevin::new(step);
    bench.run("ULA", |_| Ok((langevin, step)));
    if let Some(fused) = fused {
        bench.run_fused("fused ULA", step, |start, steps, key| fused(&langevin, start, steps, key));
    }
    let mala = Mala::new(scale);
    bench.run("MALA", |bench| bench.tuned(mala, 0.574));
    bench.run("HMC", |bench| bench.tuned(Hmc::new(step, 5), 0.8));
    bench.run("NUTS", |bench| bench.tuned(Nuts::new(step), 0.8));
    // Its bias is of a higher order: twice the step.
    let underdamped = Underdamped::new(2.0 * step, 1.0 / scale);
    bench.run("BAOAB", |_| Ok((underdamped, underdamped.step_size)));
    // δ² halves in the first two thousand steps.
    let sgld = Sgld::new(step * step * 1000.0_f64.powf(0.6)).with_decay(1000.0, 0.6);
    bench.run("SGLD", |_| Ok((sgld, step)));
    let floor = 1.0 / scale;
    let preconditioned =
        PreconditionedSgld::new(step * floor.sqrt()).with_memory(0.99).with_floor(floor);
    bench.run("pSGLD", |_| Ok((preconditioned, preconditioned.step_size)));
    let anisotropic = Anisotropic::new(step, 2.0 / scale);
    bench.run("anisotropic", |_| Ok((anisotropic, step)));
    bench.run("tempering", |bench| {
        let (kernel, step) = bench.tuned(mala, 0.574)?;
        Ok((ParallelTempering::new(kernel, vec![1.0, 2.0, 4.0, 8.0]), step))
    });
}
