//! Features and moments of a reference set, kept beside the data sets so that they are computed
//! once.

use std::fs;
use std::path::Path;

use burn::tensor::Tensor;
use ebm::metrics::{FeatureSet, Moments};
use ebm::tensor::values;
use ebm_files::{Checksum, write_file};
use safetensors::SafeTensors;
use safetensors::tensor::{Dtype, TensorView, serialize};

use crate::Result;
use crate::feature_network::{NamedNetwork, features};

/// The folder of statistics within the folder of data sets.
const FOLDER: &str = ".statistics";

/// The result of an operation on a file of statistics, whose error is only of interest to the log.
type FileResult<T> = Result<T, Box<dyn std::error::Error>>;

/// The features of reference images and their moments.
#[derive(Debug, PartialEq)]
pub(super) struct ReferenceStatistics {
    pub(super) features: FeatureSet,
    pub(super) moments: Moments,
}

impl ReferenceStatistics {
    /// Returns the statistics of images in the features of a network: from the file that an earlier
    /// call left below `root`, if it is intact and belongs to these images and weights; otherwise
    /// they are computed and kept. A folder that cannot be written causes a warning.
    ///
    /// # Shapes
    /// - `images`: `[n, channels, height, width]`
    pub(super) fn of(network: &NamedNetwork, images: Tensor<4>, root: &Path) -> Result<Self> {
        let mut checksum = Checksum::new();
        checksum.update_part(network.checksum().as_bytes());
        checksum.update_part(format!("{:?}", images.dims()).as_bytes());
        checksum.update_part(&bytes(values(images.clone()).into_iter().map(f32::to_le_bytes)));
        let key = checksum.finish();
        let name = network.name().replace(|c: char| !c.is_ascii_alphanumeric(), "-");
        let path = root.join(FOLDER).join(format!("{name}-{}.safetensors", &key[..16]));
        if path.exists() {
            match Self::read(&path, &key) {
                Ok(kept) => return Ok(kept),
                Err(error) => tracing::warn!("{} is computed again: {error}", path.display()),
            }
        }
        let features = features(&**network, images)?;
        let statistics = Self { moments: Moments::of(&features), features };
        if let Err(error) = statistics.write(&path, &key) {
            tracing::warn!("the statistics cannot be kept in {}: {error}", path.display());
        }
        Ok(statistics)
    }

    fn write(&self, path: &Path, key: &str) -> FileResult<()> {
        let (features, moments) = (&self.features, &self.moments);
        let dim = features.dim();
        let parts = [
            bytes(features.values().iter().map(|value| value.to_le_bytes())),
            bytes(moments.mean().iter().map(|value| value.to_le_bytes())),
            bytes(moments.scatter().iter().map(|value| value.to_le_bytes())),
        ];
        let checksum = content_checksum(key, [&parts[0], &parts[1], &parts[2]]);
        let tensors = [
            ("features", TensorView::new(Dtype::F32, vec![features.len(), dim], &parts[0])?),
            ("mean", TensorView::new(Dtype::F64, vec![dim], &parts[1])?),
            ("scatter", TensorView::new(Dtype::F64, vec![dim, dim], &parts[2])?),
            ("sha256", TensorView::new(Dtype::U8, vec![checksum.len()], checksum.as_bytes())?),
        ];
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)?;
        }
        Ok(write_file(path, &serialize(tensors, None)?)?)
    }

    fn read(path: &Path, key: &str) -> FileResult<Self> {
        let file = fs::read(path)?;
        let tensors = SafeTensors::deserialize(&file)?;
        let part = |name: &str| -> FileResult<&[u8]> { Ok(tensors.tensor(name)?.data()) };
        let parts = [part("features")?, part("mean")?, part("scatter")?];
        if part("sha256")? != content_checksum(key, parts).as_bytes() {
            return Err("its checksum is wrong: the file is damaged".into());
        }
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

fn content_checksum(key: &str, parts: [&[u8]; 3]) -> String {
    let mut checksum = Checksum::new();
    checksum.update_part(key.as_bytes());
    parts.iter().for_each(|part| checksum.update_part(part));
    checksum.finish()
}

#[cfg(test)]
mod tests {
    use super::*;
    use burn::tensor::Device;
    use ebm::noise::Key;
    use ebm::tensor::ImageShape;

    /// A file is read as it was written; a file with a changed byte, a truncated one and one of
    /// other images are rejected.
    #[test]
    fn damaged_files_are_rebuilt() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let device = Device::flex();
        let network =
            NamedNetwork::open("pixels", ImageShape::new(1, 2), &device).expect("no weights");
        let images = |seed| Key::new(seed).uniform::<4>([7, 1, 2, 2], &device);
        let of = |seed| {
            ReferenceStatistics::of(&network, images(seed), folder.path()).expect("computable")
        };
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
            // A value, not the header.
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
