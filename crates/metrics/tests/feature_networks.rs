//! The ImageNet networks against PyTorch.
//!
//! `scripts/feature_networks.py` computes features in double precision with the modules of
//! torchvision, pytorch-fid and efficientnet_lite_pytorch; it shares formulas with this test, not
//! code. Its results are in `data/feature_networks.safetensors`, the names and shapes of PyTorch's
//! parameters in `data/feature_networks.json`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use burn::tensor::{Device, Tensor, TensorData};
use ebm_files::FileError;
use ebm_metrics::features::{
    EfficientNetLite0, FeatureError, FeatureNetwork, InceptionV3, SqueezeNet,
};
use safetensors::tensor::TensorView;
use safetensors::{Dtype, SafeTensors};

/// The tolerance of ‖given − expected‖ / ‖expected‖: for features, for their difference between
/// images, and for probabilities.
const TOLERANCE: f64 = 1e-4;

/// The names and shapes, in PyTorch's order.
type Shapes = Vec<(String, Vec<usize>)>;

static SHAPES: LazyLock<BTreeMap<String, Shapes>> = LazyLock::new(|| {
    serde_json::from_str(include_str!("data/feature_networks.json")).expect("valid")
});

fn open(network: &str, path: &Path) -> Result<Box<dyn FeatureNetwork>, FeatureError> {
    let device = Device::flex();
    Ok(match network {
        "squeezenet" => Box::new(SqueezeNet::open(path, &device)?),
        "efficientnet-lite0" => Box::new(EfficientNetLite0::open(path, &device)?),
        _ => Box::new(InceptionV3::open(path, &device)?),
    })
}

/// Waves with a different direction in each image and a different phase in each channel,
/// `[2, 3, 32, 32]`.
fn images() -> Tensor<4> {
    let mut values = Vec::new();
    for n in [0.0_f64, 1.0] {
        for channel in 0..3 {
            for pixel in 0..32 * 32 {
                let (i, j) = (f64::from(pixel / 32), f64::from(pixel % 32));
                let phase = 0.35 * (i * n.cos() + j * n.sin()) + n + f64::from(channel);
                values.push(phase.cos() as f32);
            }
        }
    }
    Tensor::from_data(TensorData::new(values, [2, 3, 32, 32]), &Device::flex())
}

/// Returns a number in [0, 1) from the finaliser of MurmurHash3.
fn hashed(tensor: usize, index: usize) -> f64 {
    let mut h = (index as u32).wrapping_mul(0x9E37_79B9);
    h = h.wrapping_add((tensor as u32).wrapping_mul(0x85EB_CA6B));
    h = (h ^ (h >> 16)).wrapping_mul(0x85EB_CA6B);
    h = (h ^ (h >> 13)).wrapping_mul(0xC2B2_AE35);
    f64::from((h ^ (h >> 16)) >> 8) / 16_777_216.0
}

/// A tensor's name, shape and bytes.
type Made = (String, Vec<usize>, Vec<u8>);

/// Returns weights by a formula, as little-endian bytes.
fn made(shapes: &Shapes) -> Vec<Made> {
    let tensor = |(index, (name, shape)): (usize, &(String, Vec<usize>))| {
        let fan_in: usize = shape[1..].iter().product();
        let value = |i| {
            let u = hashed(index, i);
            if shape.len() > 1 {
                (2.0 * u - 1.0) * (6.0 / fan_in as f64).sqrt()
            } else if name.ends_with("weight") || name.ends_with("running_var") {
                0.5 + u
            } else {
                0.2 * (u - 0.5)
            }
        };
        let count = shape.iter().product();
        let bytes = (0..count).flat_map(|i| (value(i) as f32).to_le_bytes()).collect();
        (name.clone(), shape.clone(), bytes)
    };
    shapes.iter().enumerate().map(tensor).collect()
}

fn serialised(tensors: &[Made]) -> Vec<u8> {
    safetensors::serialize(
        tensors.iter().map(|(name, shape, bytes)| {
            (name, TensorView::new(Dtype::F32, shape.clone(), bytes).expect("f32"))
        }),
        None,
    )
    .expect("names differ")
}

fn expected(name: &str) -> Vec<f64> {
    let fixture = SafeTensors::deserialize(include_bytes!("data/feature_networks.safetensors"));
    let fixture = fixture.expect("valid");
    let tensor = fixture.tensor(name).expect("a tensor of the fixture");
    let number = |bytes: &[u8]| f32::from_le_bytes(bytes.try_into().expect("four bytes"));
    tensor.data().chunks(4).map(|bytes| f64::from(number(bytes))).collect()
}

fn distance(given: &[f64], expected: &[f64]) -> f64 {
    assert_eq!(given.len(), expected.len());
    let norm = |values: &mut dyn Iterator<Item = f64>| values.map(|v| v * v).sum::<f64>().sqrt();
    norm(&mut given.iter().zip(expected).map(|(a, b)| a - b)) / norm(&mut expected.iter().copied())
}

/// Returns the second image's features minus the first's.
fn between(values: &[f64]) -> Vec<f64> {
    let (first, second) = values.split_at(values.len() / 2);
    first.iter().zip(second).map(|(a, b)| b - a).collect()
}

fn compare(name: &str, source: &str, network: &dyn FeatureNetwork) {
    let features = network.features(images()).expect("two images");
    assert_eq!(features.dims(), [2, network.dim()]);
    let probabilities = network.probabilities(images()).expect("two images").expect("a classifier");
    let [features, probabilities] =
        [features, probabilities].map(|x| x.into_data().iter::<f64>().collect::<Vec<_>>());
    let of = |what: &str| expected(&format!("{name}.{source}.{what}"));
    let distances = [
        distance(&features, &of("features")),
        distance(&between(&features), &between(&of("features"))),
        distance(&probabilities, &of("probabilities")),
    ];
    println!("{name}, {source}: {distances:?}");
    assert!(distances.iter().all(|&d| d < TOLERANCE), "{name}, {source}: {distances:?}");
}

#[test]
fn features_agree_with_pytorch() {
    let folder = tempfile::tempdir().expect("a folder");
    for (name, shapes) in SHAPES.iter() {
        let path = folder.path().join(format!("{name}.safetensors"));
        std::fs::write(&path, serialised(&made(shapes))).expect("written");
        let network = open(name, &path).expect("complete");
        compare(name, "made", &*network);
        // Grey images are equivalent to colour images with equal channels.
        if name == "squeezenet" {
            let grey = images().narrow(1, 0, 1);
            let given = network.features(grey.clone()).expect("two images").into_data();
            let twin = network.features(grey.repeat_dim(1, 3)).expect("two images").into_data();
            given.assert_eq(&twin, true);
        }
    }
}

/// Compares the file of `name`'s released weights that ends with `extension`.
fn compare_released(name: &str, extension: &str) {
    let folder = std::env::var_os("EBM_FEATURES").expect("EBM_FEATURES is the folder of weights");
    let path = PathBuf::from(folder).join(format!("{name}.{extension}"));
    compare(name, "released", &*open(name, &path).expect("complete"));
}

#[test]
#[ignore = "needs EBM_FEATURES: squeezenet.safetensors"]
fn released_squeezenet_agrees_with_pytorch() {
    compare_released("squeezenet", "safetensors");
}

#[test]
#[ignore = "needs EBM_FEATURES: efficientnet-lite0.safetensors"]
fn released_efficientnet_lite0_agrees_with_pytorch() {
    compare_released("efficientnet-lite0", "safetensors");
}

#[test]
#[ignore = "needs EBM_FEATURES: efficientnet-lite0.pth"]
fn released_efficientnet_lite0_archive_agrees_with_pytorch() {
    compare_released("efficientnet-lite0", "pth");
}

/// Returns the error of a SqueezeNet file after `mutate`.
fn error_of(mutate: impl FnOnce(&mut Vec<Made>)) -> FeatureError {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("weights.safetensors");
    let mut tensors = made(&SHAPES["squeezenet"]);
    mutate(&mut tensors);
    std::fs::write(&path, serialised(&tensors)).expect("written");
    open("squeezenet", &path).map(|_| ()).expect_err("mutated")
}

#[test]
fn wrong_tensors_are_named() {
    let position = |tensors: &[Made]| {
        tensors.iter().position(|(name, ..)| name == "fire5.squeeze1x1.bias").expect("there")
    };
    let error = error_of(|tensors| {
        tensors.remove(position(tensors));
    });
    assert!(matches!(&error, FeatureError::Missing { tensor, expected, .. }
        if tensor == "fire5.squeeze1x1.bias" && expected == &[32]));
    let error = error_of(|tensors| {
        let at = position(tensors);
        tensors[at] = (tensors[at].0.clone(), vec![4, 8], tensors[at].2.clone());
    });
    assert!(matches!(&error, FeatureError::Shape { given, expected, .. }
        if given == &[4, 8] && expected == &[32]));
    assert!(error.to_string().contains("fire5.squeeze1x1.bias"), "{error}");
    let error = error_of(|tensors| {
        let at = position(tensors);
        tensors[at].2[4 * 7..4 * 8].copy_from_slice(&f32::NAN.to_le_bytes());
    });
    assert!(matches!(&error, FeatureError::Numbers { problem, .. } if problem.contains("index 7")));
    // PyTorch's own format, without a tensor of the network.
    let archive = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/archive.pth");
    let error = open("squeezenet", Path::new(archive)).map(|_| ()).unwrap_err();
    assert!(matches!(&error, FeatureError::Missing { tensor, .. } if tensor == "conv1.weight"));
    // The file of another network.
    let error = error_of(|tensors| *tensors = made(&SHAPES["efficientnet-lite0"]));
    assert!(matches!(&error, FeatureError::Missing { tensor, .. } if tensor == "conv1.weight"));
}

#[test]
fn other_files_are_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("weights.safetensors");
    let open = || open("squeezenet", &path).map(|_| ()).unwrap_err();
    assert!(matches!(open(), FeatureError::File(FileError::Io { .. })));
    let whole = serialised(&made(&SHAPES["squeezenet"]));
    for length in [0, 1, 7, 8, 100, whole.len() / 2, whole.len() - 1] {
        std::fs::write(&path, &whole[..length]).expect("written");
        let error = open();
        assert!(matches!(error, FeatureError::Format { .. }), "{length} bytes: {error}");
        assert!(error.to_string().contains("weights.safetensors"), "{error}");
    }
    std::fs::write(&path, [b"not weights".repeat(100), whole].concat()).expect("written");
    assert!(matches!(open(), FeatureError::Format { .. }));
    // A sparse file beyond the limit.
    let file = std::fs::File::create(&path).expect("created");
    file.set_len(ebm_metrics::features::MAX_WEIGHT_BYTES + 1).expect("sparse");
    assert!(matches!(open(), FeatureError::File(FileError::TooLong { .. })));
}
