//! What x is learned given, p(x | c): its class, what is left of it behind a hole, or another image.

use burn::tensor::{Device, Tensor, TensorData};
use ebm_mcmc::Held;
use ebm_noise::Key;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What images are learned given; each kind uses some of the numbers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ConditionRecipe {
    /// What the condition is.
    pub kind: ConditionKind,
    /// Number of classes: `class`.
    #[serde(default = "ten")]
    pub classes: usize,
    /// Which part is hidden: `hidden`.
    #[serde(default)]
    pub hole: Hole,
    /// Whether the networks are told where the hole is, as one more channel, 1 where a pixel is seen: `hidden`.
    #[serde(default = "yes")]
    pub mask: bool,
    /// Whether chains keep what is seen and move in the hole alone: `hidden`, with its `mask`. Samples and data then differ
    /// in the hole only.
    #[serde(default)]
    pub hold: bool,
    /// Channels of the other image: `pair`.
    #[serde(default = "three")]
    pub channels: usize,
    /// Which half of a picture is the other image, where they are side by side: `pair`.
    #[serde(default)]
    pub half: ConditionHalf,
    /// γ of the student's loss (1 − γ)·loss + γ·mean Σ|x − g(z, c)|, where x is the image that c belongs to: `hidden` and
    /// `pair`. With 0 the student learns from samples alone; the authors' code for pairs has 0.2.
    #[serde(default)]
    pub l1_weight: f64,
}

/// A half of a picture.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ConditionHalf {
    /// The left one.
    Left,
    /// The right one, as of CMP Facades.
    #[default]
    Right,
}

fn ten() -> usize {
    10
}

fn yes() -> bool {
    true
}

fn three() -> usize {
    3
}

/// What a condition is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ConditionKind {
    /// The image's class: class-conditional generation.
    Class,
    /// The image itself with a part hidden: completion.
    Hidden,
    /// The other image of a pair: translation.
    Pair,
}

/// The hidden part of an image.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Hole {
    /// A square in the middle, half as wide as the image.
    #[default]
    Centre,
    /// The lower half.
    Half,
    /// Three squares at random places, a third as wide as the image, others in each image.
    Blocks,
}

/// The side of a block is the image's by this.
const BLOCK: usize = 3;
const BLOCKS: usize = 3;

impl ConditionRecipe {
    /// Channels and side of a condition for images of `[channels, size]`; side 1 for a class.
    pub fn shape(&self, [channels, size]: [usize; 2]) -> [usize; 2] {
        match self.kind {
            ConditionKind::Class => [self.classes, 1],
            ConditionKind::Hidden => [channels + usize::from(self.mask), size],
            ConditionKind::Pair => [self.channels, size],
        }
    }

    /// Channels of the other image that the data hold behind those of each image; 0 unless there are pairs.
    pub fn paired_channels(&self) -> usize {
        match self.kind {
            ConditionKind::Pair => self.channels,
            ConditionKind::Class | ConditionKind::Hidden => 0,
        }
    }

    /// The conditions that belong to images: their classes, or what is seen of them; `None` for pairs, whose other
    /// images only the data know. `key` places random blocks.
    ///
    /// # Shapes
    /// - `images`: `[batch, channels, size, size]`, `labels`: `[batch]`
    pub fn of(&self, images: &Tensor<4>, labels: &[u8], key: Key) -> Option<Tensor<4>> {
        match self.kind {
            ConditionKind::Class => Some(one_hot(labels, self.classes, &images.device())),
            ConditionKind::Hidden => Some(self.hide(images.clone(), key).0),
            ConditionKind::Pair => None,
        }
    }

    /// What chains hold, given conditions `[batch, channels + 1, size, size]`; `None` if the recipe holds nothing.
    pub(crate) fn pins(&self, condition: &Tensor<4>) -> Option<Held<4>> {
        let channels = condition.dims()[1] - 1;
        let part = |first, channels| condition.clone().narrow(1, first, channels);
        self.hold.then(|| Held::new(part(0, channels), part(channels, 1)))
    }

    /// What is seen of images: the images with zeros in their holes and, if the recipe shows it, the mask; and the
    /// mask by itself. `key` places random blocks.
    ///
    /// # Shapes
    /// - `images`: `[batch, channels, size, size]`
    /// - output: `[batch, channels + 1 or + 0, size, size]`, `[batch, 1, size, size]`
    pub fn hide(&self, images: Tensor<4>, key: Key) -> (Tensor<4>, Tensor<4>) {
        let [batch, _, size, _] = images.dims();
        let mask = self.hole.mask(batch, size, key, &images.device());
        let seen = images * mask.clone();
        let condition = match self.mask {
            true => Tensor::cat(vec![seen, mask.clone()], 1),
            false => seen,
        };
        (condition, mask)
    }
}

/// Classes as a condition: one channel for each, 1 in that of the class, `[labels, classes, 1, 1]`. A label that is
/// no class gives zeros.
pub fn one_hot(labels: &[u8], classes: usize, device: &Device) -> Tensor<4> {
    let row = |label: &u8| {
        let label = usize::from(*label);
        (0..classes).map(move |class| if class == label { 1.0_f32 } else { 0.0 })
    };
    let values: Vec<f32> = labels.iter().flat_map(row).collect();
    Tensor::from_data(TensorData::new(values, [labels.len(), classes, 1, 1]), device)
}

impl Hole {
    /// 1 where a pixel is seen, 0 in the hole, `[batch, 1, size, size]`.
    fn mask(self, batch: usize, size: usize, key: Key, device: &Device) -> Tensor<4> {
        let side = (size / BLOCK).max(1);
        let corners: Vec<usize> = match self {
            Self::Blocks => {
                let places = (size - side + 1) as f32;
                let uniform = key.uniform([batch, 2 * BLOCKS], device).into_data();
                let corner = |u: f32| ((u * places) as usize).min(size - side);
                uniform.iter::<f32>().map(corner).collect()
            }
            Self::Centre | Self::Half => Vec::new(),
        };
        let hidden = |image: usize, y: usize, x: usize| match self {
            Self::Centre => [y, x].iter().all(|at| (size / 4..size / 4 + size / 2).contains(at)),
            Self::Half => y >= size / 2,
            Self::Blocks => corners[image * 2 * BLOCKS..][..2 * BLOCKS].chunks(2).any(|corner| {
                (corner[0]..corner[0] + side).contains(&y)
                    && (corner[1]..corner[1] + side).contains(&x)
            }),
        };
        let mut values = Vec::with_capacity(batch * size * size);
        for image in 0..batch {
            for pixel in 0..size * size {
                values.push(if hidden(image, pixel / size, pixel % size) { 0.0_f32 } else { 1.0 });
            }
        }
        Tensor::from_data(TensorData::new(values, [batch, 1, size, size]), device)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hidden(hole: Hole, mask: bool) -> ConditionRecipe {
        let (kind, classes, channels) = (ConditionKind::Hidden, 10, 3);
        let (half, l1_weight) = (ConditionHalf::Right, 0.0);
        ConditionRecipe { kind, classes, hole, mask, hold: false, channels, half, l1_weight }
    }

    #[test]
    fn holes_are_where_they_should_be() {
        let device = Device::flex();
        let images = Tensor::<4>::full([3, 2, 8, 8], 0.5, &device);
        for (hole, seen) in [(Hole::Centre, 48.0), (Hole::Half, 32.0)] {
            let (condition, mask) = hidden(hole, true).hide(images.clone(), Key::new(1));
            assert_eq!(condition.dims(), [3, 3, 8, 8]);
            assert_eq!(hidden(hole, true).shape([2, 8]), [3, 8]);
            assert_eq!(mask.clone().sum().into_scalar::<f32>(), 3.0 * seen);
            let shown = condition.clone().narrow(1, 0, 2).sum().into_scalar::<f32>();
            assert_eq!(shown, 3.0 * 2.0 * 0.5 * seen);
            condition.narrow(1, 2, 1).into_data().assert_eq(&mask.into_data(), true);
        }
        let (condition, mask) = hidden(Hole::Blocks, false).hide(images.clone(), Key::new(1));
        assert_eq!(condition.dims(), [3, 2, 8, 8]);
        let rows: Vec<f32> =
            mask.clone().flatten::<2>(1, 3).sum_dim(1).into_data().iter().collect();
        // Three blocks of 2 x 2 that may overlap.
        assert!(rows.iter().all(|seen| (52.0..=60.0).contains(seen)), "{rows:?}");
        let (_, other) = hidden(Hole::Blocks, false).hide(images, Key::new(2));
        assert_ne!(mask.into_data(), other.into_data());
    }

    #[test]
    fn classes_are_one_hot() {
        let c = one_hot(&[2, 0, 9], 3, &Device::flex());
        assert_eq!(c.dims(), [3, 3, 1, 1]);
        let c: Vec<f32> = c.into_data().iter().collect();
        assert_eq!(c, [0.0, 0.0, 1.0, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0]);
    }
}
