//! Features and moments of a reference set, kept beside the data sets so that they are computed once.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use burn::tensor::Tensor;
use ebm::metrics::{FeatureSet, Moments};
use safetensors::SafeTensors;
use safetensors::tensor::{Dtype, TensorView, serialize};
use sha2::{Digest, Sha256};

use super::network::Network;

/// The folder of statistics in the data root.
const FOLDER: &str = ".statistics";

/// What samples are compared with.
#[derive(Debug, PartialEq)]
pub(super) struct Statistics {
    pub(super) features: FeatureSet,
    pub(super) moments: Moments,
}

/// SHA-256.
#[derive(Default)]
pub(super) struct Sum(Sha256);

impl Sum {
    pub(super) fn add(&mut self, bytes: &[u8]) {
        // The length keeps parts apart.
        self.0.update((bytes.len() as u64).to_le_bytes());
        self.0.update(bytes);
    }

    pub(super) fn hexadecimal(self) -> String {
        self.0.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

impl Statistics {
    /// Of images in a network: from the file that an earlier call left below `root`, where it is whole and of these
    /// images and weights, else computed and kept. A folder that cannot be written costs a warning.
    ///
    /// # Shapes
    /// - `images`: `[n, channels, height, width]`
    pub(super) fn of(network: &Network, images: Tensor<4>, root: &Path) -> Result<Self> {
        let mut sum = Sum::default();
        sum.add(network.sum.as_bytes());
        sum.add(format!("{:?}", images.dims()).as_bytes());
        sum.add(&bytes(images.clone().into_data().iter::<f32>().map(f32::to_le_bytes)));
        let key = sum.hexadecimal();
        let name = network.name().replace(|c: char| !c.is_ascii_alphanumeric(), "-");
        let path = root.join(FOLDER).join(format!("{name}-{}.safetensors", &key[..16]));
        if path.exists() {
            match Self::read(&path, &key) {
                Ok(kept) => return Ok(kept),
                Err(error) => tracing::warn!("{} is computed anew: {error:#}", path.display()),
            }
        }
        let features = network.all(images)?;
        let statistics = Self { moments: Moments::of(&features), features };
        if let Err(error) = statistics.write(&path, &key) {
            tracing::warn!("statistics are not kept: {error:#}");
        }
        Ok(statistics)
    }

    fn write(&self, path: &Path, key: &str) -> Result<()> {
        let (features, moments) = (&self.features, &self.moments);
        let dim = features.dim();
        let parts = [
            bytes(features.values().iter().map(|value| value.to_le_bytes())),
            bytes(moments.mean().iter().map(|value| value.to_le_bytes())),
            bytes(moments.scatter().iter().map(|value| value.to_le_bytes())),
        ];
        let sum = content_sum(key, [&parts[0], &parts[1], &parts[2]]);
        let tensors = [
            ("features", TensorView::new(Dtype::F32, vec![features.len(), dim], &parts[0])?),
            ("mean", TensorView::new(Dtype::F64, vec![dim], &parts[1])?),
            ("scatter", TensorView::new(Dtype::F64, vec![dim, dim], &parts[2])?),
            ("sha256", TensorView::new(Dtype::U8, vec![sum.len()], sum.as_bytes())?),
        ];
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)
                .with_context(|| format!("cannot make the folder {}", folder.display()))?;
        }
        // Of this process alone, until it is whole.
        let partial = path.with_extension(format!("{}.partial", std::process::id()));
        fs::write(&partial, serialize(tensors, None)?)
            .and_then(|()| fs::rename(&partial, path))
            .inspect_err(|_| drop(fs::remove_file(&partial)))
            .with_context(|| format!("cannot write {}", path.display()))
    }

    fn read(path: &Path, key: &str) -> Result<Self> {
        let file = fs::read(path)?;
        let tensors = SafeTensors::deserialize(&file)?;
        let part = |name: &str| -> Result<&[u8]> { Ok(tensors.tensor(name)?.data()) };
        let parts = [part("features")?, part("mean")?, part("scatter")?];
        let sum = content_sum(key, parts);
        ensure!(part("sha256")? == sum.as_bytes(), "its checksum is wrong: the file is damaged");
        let double =
            |bytes: &[u8]| bytes.as_chunks().0.iter().map(|x| f64::from_le_bytes(*x)).collect();
        let (mean, scatter): (Vec<f64>, _) = (double(parts[1]), double(parts[2]));
        let single = parts[0].as_chunks().0.iter().map(|x| f32::from_le_bytes(*x)).collect();
        let features = FeatureSet::new(mean.len(), single)?;
        let moments = Moments::from_parts(features.len(), mean, scatter)?;
        Ok(Self { features, moments })
    }
}

fn bytes<const N: usize>(numbers: impl Iterator<Item = [u8; N]>) -> Vec<u8> {
    numbers.flatten().collect()
}

fn content_sum(key: &str, parts: [&[u8]; 3]) -> String {
    let mut sum = Sum::default();
    sum.add(key.as_bytes());
    parts.iter().for_each(|part| sum.add(part));
    sum.hexadecimal()
}

#[cfg(test)]
mod tests {
    use super::*;
    use burn::tensor::Device;
    use ebm::noise::Key;

    /// What is read is what was written; a byte that was changed, a file that was cut and one of other images are
    /// never read.
    #[test]
    fn damaged_files_are_rebuilt() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let device = Device::flex();
        let network = Network::open("pixels", [1, 2, 2], &device).expect("no weights");
        let images = |seed| Key::new(seed).uniform::<4>([7, 1, 2, 2], &device);
        let of = |seed| Statistics::of(&network, images(seed), folder.path()).expect("computable");
        let (fresh, other) = (of(1), of(2));
        assert_ne!(fresh, other);
        let kept = folder.path().join(FOLDER);
        let files: Vec<_> =
            kept.read_dir().expect("made").map(|e| e.expect("readable").path()).collect();
        assert_eq!(files.len(), 2);
        assert_eq!(of(1), fresh);
        for path in &files {
            let whole = fs::read(path).expect("readable");
            let mut flipped = whole.clone();
            // A number, not the header.
            *flipped.last_mut().expect("long") ^= 1;
            let middle = whole.len() - 150;
            let mut changed = whole.clone();
            changed[middle] ^= 1;
            for damaged in [&flipped[..], &changed, &whole[..whole.len() / 2], b""] {
                fs::write(path, damaged).expect("writable");
                assert_eq!(of(1), fresh);
                assert_eq!(of(2), other);
                assert!(fs::read(path).expect("readable") == whole, "rebuilt");
            }
        }
        fs::write(&files[0], fs::read(&files[1]).expect("readable")).expect("writable");
        assert_eq!((of(1), of(2)), (fresh, other));
    }
}
