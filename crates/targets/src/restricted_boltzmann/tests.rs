use super::*;
use crate::check;

/// Three visible and two hidden units, with numbers known from enumeration in NumPy.
fn small() -> RestrictedBoltzmann {
    let weights = [vec![0.5, -0.3], vec![0.2, 0.8], vec![-0.6, 0.1]];
    RestrictedBoltzmann::new(&weights, vec![0.1, -0.2, 0.3], vec![-0.1, 0.4]).expect("valid")
}

/// All states of `units` binary units.
fn all_states(units: usize) -> Vec<Vec<f64>> {
    let bit = |state: usize, unit: usize| f64::from(u8::from((state >> unit) & 1 == 1));
    (0..1 << units).map(|state| (0..units).map(|unit| bit(state, unit)).collect()).collect()
}

fn tensor(states: &[Vec<f64>]) -> Tensor<2> {
    let shape = [states.len(), states[0].len()];
    Tensor::from_data(TensorData::new(states.concat(), shape), &Device::flex())
}

#[test]
fn enumeration() {
    let target = small();
    let expected = [0.535_161_102_8, 0.605_546_706_8, 0.517_338_033_3];
    assert!((target.log_normaliser().unwrap() - 4.017_745_071_8).abs() < 1e-9);
    for (mean, expected) in target.mean().unwrap().iter().zip(expected) {
        assert!((mean - expected).abs() < 1e-9, "{mean}");
    }
    // The reference: the same quantity from the free energies of all visible states.
    let states = all_states(3);
    let energies = values(target.energy(tensor(&states)));
    let log_terms: Vec<f64> = energies.iter().map(|&u| -f64::from(u)).collect();
    let total = log_sum_exp(&log_terms);
    assert!((total - 4.017_745_071_8).abs() < 1e-6, "{total}");
    for (unit, expected) in expected.iter().enumerate() {
        let mean: f64 =
            states.iter().zip(&log_terms).map(|(v, log)| v[unit] * (log - total).exp()).sum();
        assert!((mean - expected).abs() < 1e-6, "unit {unit}: {mean}");
    }
}

/// p(h | v) and p(v | h) from the joint probabilities of all 2⁵ states.
#[test]
fn conditionals() {
    let target = small();
    let (visible, hidden) = (all_states(3), all_states(2));
    let joint = |v: &[f64], h: &[f64]| {
        let mut exponent = 0.0;
        for (i, v) in v.iter().enumerate() {
            exponent += v * target.visible_bias.values()[i];
            for (j, h) in h.iter().enumerate() {
                exponent += v * h * target.weights.values()[2 * i + j];
            }
        }
        for (h, bias) in h.iter().zip(target.hidden_bias.values()) {
            exponent += h * bias;
        }
        exponent.exp()
    };
    let of_hidden = values(target.hidden_given_visible(tensor(&visible)));
    for (v, given) in visible.iter().zip(of_hidden.chunks(2)) {
        let total: f64 = hidden.iter().map(|h| joint(v, h)).sum();
        for (unit, given) in given.iter().enumerate() {
            let expected: f64 = hidden.iter().map(|h| h[unit] * joint(v, h)).sum::<f64>() / total;
            assert!((f64::from(*given) - expected).abs() < 1e-6, "{given} not {expected}");
        }
    }
    let of_visible = values(target.visible_given_hidden(tensor(&hidden)));
    for (h, given) in hidden.iter().zip(of_visible.chunks(3)) {
        let total: f64 = visible.iter().map(|v| joint(v, h)).sum();
        for (unit, given) in given.iter().enumerate() {
            let expected: f64 = visible.iter().map(|v| v[unit] * joint(v, h)).sum::<f64>() / total;
            assert!((f64::from(*given) - expected).abs() < 1e-6, "{given} not {expected}");
        }
    }
}

#[test]
fn gradient_and_samples() {
    let target = small();
    let error = check::gradient_error(&target, 1.0);
    assert!(error < 1e-6, "{error:e}");
    let deviation = check::moment_deviation(&target);
    assert!(deviation < 4.0, "{deviation} standard errors");
    let draws = values(target.sample(500, Key::new(1), &Device::flex()).expect("exact"));
    assert!(draws.iter().all(|&v| v == 0.0 || v == 1.0));
}

/// Draws of whole states, which moments of single units do not see: v₀ and v₁ together.
#[test]
fn sampled_states_have_their_probabilities() {
    let target = small();
    let n = 100_000;
    let states = all_states(3);
    let energies = values(target.energy(tensor(&states)));
    let draws = values(target.sample(n, Key::new(8), &Device::flex()).expect("exact"));
    for (state, energy) in states.iter().zip(energies) {
        let probability = (-f64::from(energy) - target.log_normaliser().unwrap()).exp();
        let is_it = |draw: &&[f32]| draw.iter().zip(state).all(|(a, b)| f64::from(*a) == *b);
        let share = draws.chunks(3).filter(is_it).count() as f64 / n as f64;
        let error = (probability * (1.0 - probability) / n as f64).sqrt();
        assert!((share - probability).abs() < 4.0 * error, "{state:?}: {share}, not {probability}");
    }
}

#[test]
fn too_large_to_enumerate_or_impossible() {
    let large = RestrictedBoltzmann::new(&[vec![0.0; 17]], vec![0.0], vec![0.0; 17]);
    let large = large.expect("valid");
    assert_eq!((large.log_normaliser(), large.mean()), (None, None));
    assert!(large.sample(1, Key::new(0), &Device::flex()).is_none());
    assert!(RestrictedBoltzmann::new(&[], vec![], vec![0.0]).is_err());
    assert!(RestrictedBoltzmann::new(&[vec![0.0]], vec![0.0], vec![]).is_err());
    assert!(RestrictedBoltzmann::new(&[vec![0.0]], vec![0.0], vec![0.0; 2]).is_err());
    assert!(RestrictedBoltzmann::new(&[vec![0.0]], vec![f64::NAN], vec![0.0]).is_err());
}
