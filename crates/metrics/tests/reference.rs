//! Measures against the usual libraries (`scripts/metrics_reference.py`): pytorch-fid's formula,
//! torchmetrics, scikit-image, prdc.

use burn::tensor::{Device, Tensor, TensorData};
use ebm_metrics::{
    FeatureSet, Moments, Neighbours, Spread, frechet_distance, inception_score, kernel_distance,
    ssim,
};
use ebm_testing::SplitMix64;
use serde_json::Value;

fn reference() -> Value {
    serde_json::from_str(include_str!("data/metrics.json")).expect("JSON")
}

/// Multiples of 2⁻¹¹ in [0, 1), by SplitMix64 of seed·2³² + index.
fn noise(count: usize, seed: u64) -> Vec<f64> {
    let number =
        |index: u64| (SplitMix64::new((seed << 32) + index).next_u64() >> 53) as f64 / 2048.0;
    (0..count as u64).map(number).collect()
}

/// Returns correlated features; every value is exact in single precision.
fn features(rows: usize, dim: usize, shift: f64, seed: u64) -> FeatureSet {
    let u = noise(rows * (dim + 1), seed);
    let row = |u: &[f64]| -> Vec<f32> {
        u.windows(2).map(|pair| (pair[0] + 0.5 * pair[1] + shift) as f32).collect()
    };
    FeatureSet::new(dim, u.chunks(dim + 1).flat_map(row).collect()).expect("whole rows")
}

fn agree(what: &str, found: f64, expected: &Value) {
    let expected = expected.as_f64().unwrap_or_else(|| panic!("{what} is not in the reference"));
    let tolerance = 1e-6 * expected.abs();
    assert!((found - expected).abs() <= tolerance, "{what}: {found}, not {expected}");
}

#[test]
fn distances_and_neighbours() {
    let reference = reference();
    for size in ["small", "square", "wide"] {
        let expected = &reference[size];
        let number = |key: &str| expected[key].as_u64().unwrap() as usize;
        let a = features(number("rows"), number("dim"), 0.0, 1);
        let b = features(number("others"), number("dim"), 0.125, 2);
        let frechet = frechet_distance(&Moments::of(&a), &Moments::of(&b)).unwrap();
        agree(&format!("{size}: Fréchet"), frechet, &expected["frechet"]);
        // torchmetrics takes sets of one size.
        let first = a.select(&(0..b.len()).collect::<Vec<_>>());
        let kernel = kernel_distance(&first, &b).unwrap();
        agree(&format!("{size}: kernel"), kernel, &expected["kernel"]);
        for k in [1, 5] {
            let found = Neighbours::new(&a, &b, k).unwrap();
            let lists = [
                ("precision", &found.precision),
                ("recall", &found.recall),
                ("density", &found.density),
                ("coverage", &found.coverage),
            ];
            for (name, list) in lists {
                let expected = &expected[format!("neighbours_{k}")][name];
                agree(&format!("{size}: {name}, k = {k}"), Spread::of(list).mean, expected);
            }
        }
    }
}

#[test]
fn inception_scores() {
    let weights: Vec<f64> =
        noise(60 * 7, 3).iter().map(|u| (1.0 + (u * 64.0).floor()).powi(3)).collect();
    let row = |weights: &[f64]| -> Vec<f32> {
        let sum: f64 = weights.iter().sum();
        weights.iter().map(|weight| (weight / sum) as f32).collect()
    };
    let set = FeatureSet::new(7, weights.chunks(7).flat_map(row).collect()).unwrap();
    let expected = &reference()["inception"];
    agree("one part", inception_score(&set, 1).unwrap().mean, &expected["1"][0]);
    let parts = inception_score(&set, 5).unwrap();
    agree("mean of parts", parts.mean, &expected["5"][0]);
    agree("spread of parts", parts.standard_deviation, &expected["5"][1]);
}

#[test]
fn structural_similarity() {
    let tensor = |values: Vec<f64>| {
        let values: Vec<f32> = values.into_iter().map(|value| value as f32).collect();
        Tensor::<4>::from_data(TensorData::new(values, [2, 3, 16, 21]), &Device::flex())
    };
    let count = 2 * 3 * 16 * 21;
    let images: Vec<f64> = noise(count, 4).iter().map(|u| u * 2.0 - 1.0).collect();
    let changed = images.iter().zip(noise(count, 5)).map(|(x, u)| x + u - 0.5).collect();
    let found = ssim(tensor(changed), tensor(images)).unwrap();
    for (image, found) in found.into_iter().enumerate() {
        agree(&format!("image {image}"), found, &reference()["ssim"][image]);
    }
}
