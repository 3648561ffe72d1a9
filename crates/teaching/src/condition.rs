//! The condition c of a conditional model p(x | c): the class of x, its observed pixels, or another
//! image.

use burn::tensor::{Device, Tensor, TensorData};
use ebm_mcmc::Held;
use ebm_noise::Key;
use ebm_tensor::{Condition, ConditionShape, ImageShape};
use schemars::JsonSchema;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};
use toml::Table;

use crate::RecipeError;
use crate::keys::{check_keys, keys_of, one_line, take_kind};

/// The condition of a conditional model: `condition.kind`, with the keys of that kind beside it.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum ConditionRecipe {
    /// The class of the image: class-conditional generation.
    Class(ClassCondition),
    /// The image itself with a part hidden: completion.
    Hidden(HiddenCondition),
    /// The other image of a pair: translation.
    Pair(PairCondition),
}

/// The settings of class-conditional generation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct ClassCondition {
    /// The number of classes.
    #[serde(default = "ten")]
    pub classes: usize,
}

/// The settings of completion.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct HiddenCondition {
    /// The part of the image that is hidden.
    #[serde(default)]
    pub hole: Hole,
    /// Whether the networks see where the hole is, by one more channel, 1 at observed pixels.
    #[serde(default = "yes")]
    pub mask: bool,
    /// Whether chains keep the observed pixels and move in the hole alone; needs `mask`. Samples
    /// and data then differ in the hole only.
    #[serde(default)]
    pub hold: bool,
    /// The weight γ in the student's loss (1 − γ)·loss + γ·mean Σ|x − g(z, c)|, where x is the
    /// image that c belongs to. With 0 the student learns from samples alone.
    #[serde(default)]
    pub l1_weight: f64,
}

/// The settings of translation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct PairCondition {
    /// The number of channels of the other image.
    #[serde(default = "three")]
    pub channels: usize,
    /// The half of a picture that is the other image, where the two are side by side.
    #[serde(default)]
    pub half: ConditionHalf,
    /// The weight γ in the student's loss (1 − γ)·loss + γ·mean Σ|x − g(z, c)|, where x is the
    /// image that c belongs to. With 0 the student learns from samples alone; the authors' code for
    /// pairs has 0.2.
    #[serde(default)]
    pub l1_weight: f64,
}

impl Default for ClassCondition {
    fn default() -> Self {
        Self { classes: ten() }
    }
}

impl Default for HiddenCondition {
    fn default() -> Self {
        Self { hole: Hole::default(), mask: yes(), hold: false, l1_weight: 0.0 }
    }
}

impl Default for PairCondition {
    fn default() -> Self {
        Self { channels: three(), half: ConditionHalf::default(), l1_weight: 0.0 }
    }
}

impl From<ClassCondition> for ConditionRecipe {
    fn from(settings: ClassCondition) -> Self {
        Self::Class(settings)
    }
}

impl From<HiddenCondition> for ConditionRecipe {
    fn from(settings: HiddenCondition) -> Self {
        Self::Hidden(settings)
    }
}

impl From<PairCondition> for ConditionRecipe {
    fn from(settings: PairCondition) -> Self {
        Self::Pair(settings)
    }
}

impl<'de> Deserialize<'de> for ConditionRecipe {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut table = Table::deserialize(deserializer)?;
        let kind = take_kind("condition", &mut table).map_err(D::Error::custom)?;
        let Some(keys) = Self::keys(&kind) else {
            let expected = "class, hidden or pair";
            return Err(D::Error::custom(RecipeError::Range {
                field: "condition.kind".into(),
                given: format!("{kind:?}"),
                expected: format!("one of {expected}"),
            }));
        };
        check_keys("condition", &kind, keys, &table).map_err(D::Error::custom)?;
        let read = match kind.as_str() {
            "class" => ClassCondition::deserialize(table).map(Self::Class),
            "hidden" => HiddenCondition::deserialize(table).map(Self::Hidden),
            _ => PairCondition::deserialize(table).map(Self::Pair),
        };
        read.map_err(|error| D::Error::custom(one_line(&error)))
    }
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

/// The hidden part of an image.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Hole {
    /// A square in the middle, half as wide as the image.
    #[default]
    Centre,
    /// The lower half.
    Half,
    /// A set of three squares at random positions, a third as wide as the image, different in each
    /// image.
    Blocks,
}

/// The side of an image divided by the side of a block.
const BLOCK: usize = 3;
/// The number of blocks in an image.
const BLOCKS: usize = 3;

impl ConditionRecipe {
    /// Returns the keys of a kind but for `kind` itself, or `None` if there is no such kind.
    pub(crate) fn keys(kind: &str) -> Option<&'static [&'static str]> {
        match kind {
            "class" => Some(keys_of::<ClassCondition>()),
            "hidden" => Some(keys_of::<HiddenCondition>()),
            "pair" => Some(keys_of::<PairCondition>()),
            _ => None,
        }
    }

    /// Returns the shape of a condition for images of this shape.
    pub fn shape(&self, image: ImageShape) -> ConditionShape {
        let channels = match self {
            Self::Class(class) => return ConditionShape::Class { classes: class.classes },
            Self::Hidden(hidden) => image.channels + usize::from(hidden.mask),
            Self::Pair(pair) => pair.channels,
        };
        ConditionShape::Image(ImageShape::new(channels, image.side))
    }

    /// Returns the number of classes, if conditions are classes.
    pub fn classes(&self) -> Option<usize> {
        match self {
            Self::Class(class) => Some(class.classes),
            Self::Hidden(_) | Self::Pair(_) => None,
        }
    }

    /// Returns γ, the weight of the distance from data in the student's loss, which is 0 for
    /// classes.
    pub fn l1_weight(&self) -> f64 {
        match self {
            Self::Class(_) => 0.0,
            Self::Hidden(hidden) => hidden.l1_weight,
            Self::Pair(pair) => pair.l1_weight,
        }
    }

    /// Returns whether chains hold a part of the image.
    pub fn holds(&self) -> bool {
        matches!(self, Self::Hidden(hidden) if hidden.hold)
    }

    /// Returns the conditions that belong to images: their classes or their observed pixels; `None`
    /// for pairs, whose other images only the data have. `key` places random blocks.
    ///
    /// # Shapes
    /// - `images`: `[batch, channels, size, size]`, `labels`: `[batch]`
    pub fn of(&self, images: &Tensor<4>, labels: &[u8], key: Key) -> Option<Condition> {
        match self {
            Self::Class(class) => Some(Condition::one_hot(labels, class.classes, &images.device())),
            Self::Hidden(hidden) => Some(Condition::Image(hidden.hide(images.clone(), key).0)),
            Self::Pair(_) => None,
        }
    }

    /// Returns what chains hold, given conditions with their masks; `None` if the recipe holds
    /// nothing.
    pub(crate) fn held(&self, condition: &Condition) -> Option<Held<4>> {
        match condition {
            Condition::Image(images) if self.holds() => {
                let channels = images.dims()[1] - 1;
                let part = |first, channels| images.clone().narrow(1, first, channels);
                Some(Held::new(part(0, channels), part(channels, 1)))
            }
            Condition::Image(_) | Condition::Class(_) => None,
        }
    }
}

impl HiddenCondition {
    /// Hides a part of images. Returns the conditions (images with zeros in their holes and, with
    /// `mask`, the mask as one more channel) and the mask by itself. `key` places random blocks.
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

impl Hole {
    /// Returns 1 at observed pixels and 0 in the hole, `[batch, 1, size, size]`.
    fn mask(self, batch: usize, size: usize, key: Key, device: &Device) -> Tensor<4> {
        let side = (size / BLOCK).max(1);
        let corners: Vec<usize> = match self {
            Self::Blocks => {
                let positions = (size - side + 1) as f32;
                let uniform = key.uniform([batch, 2 * BLOCKS], device).into_data();
                let corner = |u: f32| ((u * positions) as usize).min(size - side);
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

    fn hidden(hole: Hole, mask: bool) -> HiddenCondition {
        HiddenCondition { hole, mask, ..HiddenCondition::default() }
    }

    #[test]
    fn holes_are_where_they_should_be() {
        let device = Device::flex();
        let images = Tensor::<4>::full([3, 2, 8, 8], 0.5, &device);
        for (hole, seen) in [(Hole::Centre, 48.0), (Hole::Half, 32.0)] {
            let (condition, mask) = hidden(hole, true).hide(images.clone(), Key::new(1));
            assert_eq!(condition.dims(), [3, 3, 8, 8]);
            let shape = ConditionRecipe::from(hidden(hole, true)).shape(ImageShape::new(2, 8));
            assert_eq!(shape, ConditionShape::Image(ImageShape::new(3, 8)));
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
}
