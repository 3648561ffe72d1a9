//! Neal's funnel, which no kernel with one step size explores, and the summary says so.

use burn::tensor::{Device, Tensor};
use ebm_mcmc::{Hmc, Key, Langevin, Nuts, Sampler, Samples, WarmUp};
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
    // A Gaussian is not flagged.
    let easy = DiagonalGaussian::isotropic(2, 1.0).expect("valid");
    let start = Tensor::<2>::zeros([4, 2], &Device::flex());
    let hmc = Hmc::new(0.7, 3);
    let samples = Sampler::new(hmc, &easy, start, Key::new(3)).burn_in(100).sample(1000);
    let summary = samples.expect("finite").summary();
    assert!(summary.mixed(), "{summary}");
}

/// NUTS as a user runs it: warmed up on four chains.
fn nuts(target: &dyn Target, key: u64) -> Samples {
    let start = Key::new(key).fold(0).normal([4, target.dim()], &Device::flex());
    let (nuts, state) =
        WarmUp::new(300).run(Nuts::new(0.1), &target, start, Key::new(key).fold(1)).expect("tuned");
    let sampler = Sampler::new(nuts, &target, state.position, Key::new(key).fold(2));
    sampler.burn_in(0).sample(500).expect("finite")
}

#[test]
fn nuts_reports_its_divergences_in_the_funnel() {
    let samples = nuts(&Funnel::neal(), 4);
    let trajectories = samples.transitions.trajectories.as_ref().expect("Hamiltonian");
    assert_eq!(trajectories.divergent.shape(), [4, 500]);
    let summary = samples.summary();
    let counted = summary.trajectories.as_ref().expect("Hamiltonian");
    assert_eq!(counted.transitions, 2000);
    assert!(counted.divergent > 0 && !counted.healthy(), "{summary}");
    let seen = trajectories.divergent.values().iter().filter(|&&one| one == 1.0).count();
    assert_eq!(seen, counted.divergent);
    let text = summary.to_string();
    let share = 100.0 * seen as f64 / 2000.0;
    assert!(text.contains(&format!("divergences: {seen} of 2000 ({share:.1} %); ")), "{text}");
    // The summary of an easy target is not flagged.
    let summary = nuts(&DiagonalGaussian::isotropic(5, 1.0).expect("valid"), 5).summary();
    assert!(summary.mixed() && summary.trajectories.as_ref().expect("some").healthy(), "{summary}");
}
