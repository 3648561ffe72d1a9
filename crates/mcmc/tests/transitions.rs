//! The statistics of transitions reach the samples, the summary and the exports.

mod common;

use burn::tensor::Device;
use common::off;
use ebm_energy::Gaussian;
use ebm_mcmc::diagnostics::{Draws, Trajectories, bfmi};
use ebm_mcmc::{Hmc, Kernel, Key, Langevin, Mala, Nuts, ParallelTempering, Sampler, Samples};
use serde::Deserialize;

const UNIT: Gaussian = Gaussian { mean: 0.0, std: 1.0 };

/// Chains that start from exact draws of `UNIT` in three dimensions.
fn sampler<K: Kernel<2>>(kernel: K, chains: usize) -> Sampler<'static, 2, K> {
    let start = Key::new(1).normal([chains, 3], &Device::flex());
    Sampler::new(kernel, &UNIT, start, Key::new(2))
}

fn sample<K: Kernel<2>>(kernel: K, chains: usize, draws: usize) -> Samples {
    sampler(kernel, chains).sample(draws).expect("finite")
}

fn trajectories(samples: &Samples) -> &Trajectories {
    samples.transitions.trajectories.as_ref().expect("a Hamiltonian kernel")
}

/// Asserts that log p is −U of each draw, and that the rest of the total energy is the kinetic
/// energy of three standard normal momenta, with mean 3/2 and mean square 15/4.
fn has_energies(name: &str, samples: &Samples) {
    let log_density = samples.transitions.log_density.as_ref().expect("known");
    let expected: Vec<f64> = samples
        .draws
        .values()
        .chunks(3)
        .map(|x| -0.5 * x.iter().map(|x| x * x).sum::<f64>())
        .collect();
    for (got, expected) in log_density.values().iter().zip(&expected) {
        assert!((got - expected).abs() < 1e-5, "{name}: log p is {got}, not {expected}");
    }
    let pairs = trajectories(samples).hamiltonian.values().iter().zip(log_density.values());
    let kinetic: Vec<f64> = pairs.map(|(total, log_density)| total + log_density).collect();
    assert!(kinetic.iter().all(|&kinetic| kinetic > -1e-5), "{name}: a negative kinetic energy");
    let kinetic = Draws::new(kinetic, log_density.shape()).expect("of the same shape");
    let errors = [off(&kinetic, |k| k[0], 1.5), off(&kinetic, |k| k[0] * k[0], 3.75)];
    assert!(errors.iter().all(|e| *e < 4.0), "{name}: {errors:?} standard errors");
}

#[test]
fn the_hamiltonian_is_that_of_the_draw_with_its_momentum() {
    let hmc = sample(Hmc::new(0.9, 3), 300, 20);
    assert!(hmc.acceptance.iter().any(|&a| a < 0.95), "some proposals are rejected");
    has_energies("HMC", &hmc);
    assert!(trajectories(&hmc).depth.is_none());
    assert!(trajectories(&hmc).steps.values().iter().all(|&steps| steps == 3.0));
    has_energies("NUTS", &sample(Nuts::new(0.9), 300, 20));
}

/// The kinetic energy takes the mass into account.
#[test]
fn the_hamiltonian_has_the_kernels_mass() {
    has_energies("HMC", &sample(Hmc::new(0.5, 3).with_inverse_mass([0.5, 2.0, 1.0]), 300, 20));
    has_energies("NUTS", &sample(Nuts::new(0.5).with_inverse_mass([0.5, 2.0, 1.0]), 300, 20));
}

#[test]
fn trees_have_as_many_steps_as_their_depth_says() {
    let samples = sample(Nuts::new(0.4).with_max_depth(2), 50, 20);
    let trajectories = trajectories(&samples);
    let (depth, max_depth) = trajectories.depth.as_ref().expect("trees");
    assert_eq!(*max_depth, 2);
    for (depth, steps) in depth.values().iter().zip(trajectories.steps.values()) {
        // Completed doublings, and the steps of one that was broken off.
        let complete = depth.exp2() - 1.0;
        assert!(*steps >= complete && *steps <= 2.0 * complete + 1.0, "{depth}: {steps} steps");
    }
    let summary = samples.summary();
    let counted = summary.trajectories.as_ref().and_then(|t| t.depth.as_ref()).expect("trees");
    assert_eq!(counted.at_max, depth.values().iter().filter(|&&depth| depth == 2.0).count());
    assert!(counted.at_max > 100 && summary.to_string().contains("trajectories are cut short"));
}

/// A draw that took three transitions has their mean acceptance, all of their steps and the
/// greatest of their depths.
#[test]
fn thinned_draws_account_for_all_of_their_transitions() {
    let every = sample(Nuts::new(0.9), 4, 30);
    let thinned = sampler(Nuts::new(0.9), 4).thin(3).sample(10).expect("finite");
    let groups = |draws: &Draws| draws.values().chunks(3).map(<[f64]>::to_vec).collect::<Vec<_>>();
    let check = |name: &str, every: &Draws, thinned: &Draws, of: &dyn Fn(&[f64]) -> f64| {
        for (group, got) in groups(every).iter().zip(thinned.values()) {
            assert!((of(group) - got).abs() < 1e-12, "{name}: {group:?} and {got}");
        }
    };
    let (all, few) = (trajectories(&every), trajectories(&thinned));
    check("steps", &all.steps, &few.steps, &|group| group.iter().sum());
    check("energy", &all.hamiltonian, &few.hamiltonian, &|group| group[2]);
    let depth = |t: &Trajectories| t.depth.as_ref().expect("trees").0.clone();
    check("depth", &depth(all), &depth(few), &|group| group.iter().copied().fold(0.0, f64::max));
    let acceptance = |samples: &Samples| samples.transitions.acceptance.clone().expect("reported");
    check("acceptance", &acceptance(&every), &acceptance(&thinned), &|group| {
        group.iter().sum::<f64>() / 3.0
    });
    for (a, b) in every.acceptance.iter().zip(&thinned.acceptance) {
        assert!((a - b).abs() < 1e-12);
    }
}

#[test]
fn kernels_report_what_they_have() {
    let langevin = sample(Langevin::new(0.5), 4, 10);
    assert!(langevin.transitions.acceptance.is_none() && langevin.acceptance.is_empty());
    assert!(langevin.transitions.log_density.is_none());
    assert!(
        langevin.transitions.trajectories.is_none() && langevin.summary().trajectories.is_none()
    );
    let step_size = langevin.transitions.step_size.expect("it has one");
    assert_eq!((step_size.shape(), step_size.values()[0]), (&[4, 10][..], 0.5));
    let mala = sample(Mala::new(0.5), 4, 10);
    assert_eq!(mala.energies.shape(), [4, 10]);
    let log_density = mala.transitions.log_density.expect("known");
    // U where a transition begins is that of the draw before.
    assert_eq!(mala.energies.values()[1], -log_density.values()[0]);
    // Pairs of rungs exchange alternately: of two rungs, in every other transition.
    let tempering = || ParallelTempering::new(Mala::new(0.5), [1.0, 2.0]);
    assert!(sample(tempering(), 4, 10).transitions.acceptance.is_none());
    let thinned = sampler(tempering(), 4).thin(2).sample(5).expect("finite");
    assert!(thinned.transitions.acceptance.is_some() && thinned.acceptance.len() == 4);
}

#[test]
fn a_few_draws_are_samples_too() {
    for draws in [1, 3] {
        let samples = sample(Nuts::new(0.9), 2, draws);
        assert_eq!(samples.draws.shape(), [2, draws, 3]);
        let summary = samples.summary();
        assert!(summary.rows.iter().all(|row| row.mean.is_finite() && row.rhat.is_nan()));
        assert_eq!(summary.trajectories.expect("Hamiltonian").transitions, 2 * draws);
    }
}

/// Total energies of a run of NUTS as `examples/export.rs` exports them, and ArviZ's BFMI of them:
/// `scripts/sample_stats.py` wrote both.
#[derive(Deserialize)]
struct Fixture {
    energy: Vec<Vec<f64>>,
    bfmi: Vec<f64>,
}

#[test]
fn bfmi_of_the_hamiltonian_equals_arviz() {
    let text = include_str!("data/sample_stats.json");
    let Fixture { energy, bfmi: expected } = serde_json::from_str(text).expect("JSON");
    let shape = [energy.len(), energy[0].len()];
    let hamiltonian = Draws::new(energy.concat(), &shape).expect("chains of one length");
    let zeros = Draws::new(vec![0.0; shape[0] * shape[1]], &shape).expect("of the same shape");
    let summary = Trajectories::new(hamiltonian.clone(), zeros.clone(), zeros).summary();
    assert_eq!(summary.bfmi, bfmi(&hamiltonian.coordinate(0)));
    assert_eq!(summary.bfmi.len(), expected.len());
    for (got, expected) in summary.bfmi.iter().zip(&expected) {
        assert!((got - expected).abs() < 1e-12, "{got}, not {expected}");
    }
    // It is not that of the potential energy.
    let samples = sample(Nuts::new(0.9), 2, 200);
    let potential = bfmi(&samples.energies.coordinate(0));
    assert_ne!(samples.summary().trajectories.expect("Hamiltonian").bfmi, potential);
}
