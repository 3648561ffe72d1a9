//! Neal's funnel: neither ULA nor plain HMC explores it, and the summary says so.

use burn::tensor::{Device, Tensor};
use ebm_mcmc::{Hmc, Key, Langevin, Sampler, Samples};
use ebm_targets::{DiagonalGaussian, Funnel, Target};

#[test]
fn diagnostics_flag_the_funnel() {
    let funnel = Funnel::neal();
    let start = || Tensor::<2>::zeros([4, funnel.dim()], &Device::flex());
    let flagged = |name: &str, samples: Samples| {
        assert!(!samples.summary().mixed(), "{name}:\n{}", samples.summary());
    };
    let ula = Langevin::new(0.1);
    let samples = Sampler::new(ula, &funnel, start(), Key::new(1)).burn_in(200).sample(800);
    flagged("ULA", samples.expect("finite"));
    let hmc = Hmc::new(0.3, 5);
    let samples = Sampler::new(hmc, &funnel, start(), Key::new(2)).burn_in(200).sample(800);
    flagged("HMC", samples.expect("finite"));
    // And a Gaussian is not flagged.
    let easy = DiagonalGaussian::isotropic(2, 1.0).expect("valid");
    let start = Tensor::<2>::zeros([4, 2], &Device::flex());
    let hmc = Hmc::new(0.7, 3);
    let samples = Sampler::new(hmc, &easy, start, Key::new(3)).burn_in(100).sample(1000);
    let summary = samples.expect("finite").summary();
    assert!(summary.mixed(), "{summary}");
}
