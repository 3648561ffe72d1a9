//! The targets, with the scales that kernels without a Metropolis correction need.

use burn::tensor::Tensor;
use ebm::energy::BlockEnergy;
use ebm::mcmc::{ChainError, Key, Langevin};
use ebm::targets::{
    Banana, DiagonalGaussian, DoubleWell, EightSchools, Funnel, Ising, Lattice, LogisticRegression,
    Mixture, RestrictedBoltzmann, Ring, StudentT, Target, TargetError,
};

pub(crate) struct Case {
    pub(crate) name: &'static str,
    pub(crate) target: Box<dyn Target>,
    pub(crate) states: States,
}

/// The kind of states of a target.
pub(crate) enum States {
    Continuous {
        /// The scale ℓ: roughly the standard deviation along the tightest direction. Steps are
        /// parts of it.
        scale: f64,
        /// The function that runs whole Langevin chains in one loop, for energies that are written
        /// out for it.
        fused: Option<Fused>,
    },
    Binary {
        /// The two values of a unit.
        values: [f64; 2],
        machine: Option<Box<RestrictedBoltzmann>>,
    },
}

impl Case {
    pub(crate) fn binary(&self) -> bool {
        matches!(self.states, States::Binary { .. })
    }
}

/// A function that runs Langevin chains from a start for a number of steps with a key.
pub(crate) type Fused =
    Box<dyn Fn(&Langevin, Tensor<2>, usize, Key) -> Result<Tensor<2>, ChainError>>;

fn continuous(name: &'static str, scale: f64, target: impl Target + 'static) -> Case {
    Case { name, target: Box::new(target), states: States::Continuous { scale, fused: None } }
}

fn fused<T: Target + BlockEnergy + Clone + 'static>(
    name: &'static str,
    scale: f64,
    target: T,
) -> Case {
    let energy = target.clone();
    let run: Fused =
        Box::new(move |kernel, start, steps, key| kernel.run_fused(&energy, start, steps, key));
    let states = States::Continuous { scale, fused: Some(run) };
    Case { name, target: Box::new(target), states }
}

pub(crate) fn all(quick: bool) -> Result<Vec<Case>, TargetError> {
    let side = if quick { 3 } else { 6 };
    let ising = Ising::new(Lattice::Torus { rows: side, columns: side }, 0.3, 0.0)?;
    let [visible, hidden] = if quick { [5, 3] } else { [24, 10] };
    // Weights from −1 to 1, without a pattern.
    let weight = |i: usize, j: usize| ((7 * i + 5 * j + i * j) % 17) as f64 / 8.0 - 1.0;
    let rows = (0..visible).map(|i| (0..hidden).map(|j| weight(i, j)).collect());
    let rows: Vec<Vec<f64>> = rows.collect();
    let machine = RestrictedBoltzmann::new(&rows, vec![-0.2; visible], vec![0.1; hidden])?;
    Ok(vec![
        fused("gaussian", 1.0, DiagonalGaussian::isotropic(10, 1.0)?),
        fused("ill-conditioned", 0.32, DiagonalGaussian::ill_conditioned(20, 100.0)?),
        fused("double-well", 0.25, DoubleWell::new(4, 2.0)?),
        fused("ring", 0.7, Ring::new(4, 8, 2.0, 0.7)?),
        continuous("mixture", 0.5, Mixture::ring(8, 4.0, 0.5)?),
        continuous("banana", 0.7, Banana::new(0.03)?),
        continuous("funnel", 0.5, Funnel::neal()),
        continuous("student-t", 1.0, StudentT::new(4, 5.0)?),
        continuous("logistic", 0.6, logistic()?),
        continuous("eight-schools", 0.7, EightSchools::new()),
        Case {
            name: "ising",
            target: Box::new(ising),
            states: States::Binary { values: [-1.0, 1.0], machine: None },
        },
        Case {
            name: "boltzmann",
            target: Box::new(machine.clone()),
            states: States::Binary { values: [0.0, 1.0], machine: Some(Box::new(machine)) },
        },
    ])
}

/// Returns the posterior of intercept and slope given ten observations.
fn logistic() -> Result<LogisticRegression, TargetError> {
    let times = [-1.5, -1.1, -0.8, -0.4, -0.1, 0.3, 0.5, 0.9, 1.2, 1.6];
    let labels = [false, false, true, false, true, false, true, true, true, true];
    LogisticRegression::new(&times.map(|time| vec![1.0, time]), &labels, 2.0)
}
