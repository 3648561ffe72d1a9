use std::collections::HashSet;

use burn::tensor::Device;
use ebm_energy::Energy;
use ebm_noise::Key;
use ebm_tensor::values;

use super::*;

/// One of each, behind the trait: it is object safe, and targets may be shared between threads.
fn all() -> Result<Vec<Box<dyn Target + Send + Sync>>, TargetError> {
    let torus = Lattice::Torus { rows: 3, columns: 4 };
    Ok(vec![
        Box::new(DiagonalGaussian::ill_conditioned(4, 100.0)?),
        Box::new(CorrelatedGaussian::new(vec![0.0; 2], &[vec![1.0, 0.5], vec![0.5, 2.0]])?),
        Box::new(Mixture::ring(8, 4.0, 0.5)?),
        Box::new(DoubleWell::new(3, 2.0)?),
        Box::new(Banana::new(0.03)?),
        Box::new(Banana::rosenbrock(20.0)?),
        Box::new(Funnel::neal()),
        Box::new(StudentT::new(2, 5.0)?),
        Box::new(EightSchools::new()),
        Box::new(LogisticRegression::new(&[vec![1.0, 2.0]], &[true], 1.0)?),
        Box::new(RestrictedBoltzmann::new(&[vec![0.5, -0.3]], vec![0.1], vec![0.0, 0.4])?),
        Box::new(Ising::new(torus, 0.3, 0.0)?),
    ])
}

#[test]
fn targets_are_consistent() {
    let targets = all().expect("valid");
    let names: HashSet<_> = targets.iter().map(|target| target.name()).collect();
    assert_eq!(names.len(), targets.len(), "names differ");
    for target in targets {
        let (name, dim) = (target.name(), target.dim());
        for moment in [target.mean(), target.variance()].into_iter().flatten() {
            assert_eq!(moment.len(), dim, "{name}");
        }
        let x = Key::new(1).normal::<2>([7, dim], &Device::flex());
        let (energy, gradient) = target.energy_and_gradient(x);
        assert_eq!((energy.dims(), gradient.dims()), ([7], [7, dim]), "{name}");
    }
}

/// The first rows of a larger draw are those of a smaller one, and other keys give others.
#[test]
fn samples_do_not_depend_on_their_number() {
    let device = Device::flex();
    let mut samplers = 0;
    for target in all().expect("valid") {
        let draw = |rows, key| target.sample(rows, Key::new(key), &device).map(values);
        let (Some(few), Some(many)) = (draw(40, 3), draw(90, 3)) else { continue };
        samplers += 1;
        assert_eq!(few, many[..few.len()], "{}", target.name());
        assert_ne!(Some(few), draw(40, 4), "{}", target.name());
    }
    assert_eq!(samplers, 10);
}
