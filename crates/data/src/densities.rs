//! Densities in the plane that are known exactly, so that a model can be compared with the
//! distribution of its data.
//!
//! The shapes are those of FFJORD's toy data (Grathwohl et al., ICLR 2019), a common benchmark,
//! scaled into [−1, 1]² with a margin of four standard deviations or more. The Kullback–Leibler
//! divergence does not depend on the scale, so figures stay comparable.

mod bessel;
mod checkerboard;
mod dice;
mod eight_gaussians;
mod logarithms;
mod rings;
mod two_moons;

use std::fmt;
use std::str::FromStr;

use burn::tensor::{Device, Tensor, TensorData};
use ebm_noise::Key;
use ebm_tensor::ImageShape;

use crate::error::DataError;
use dice::Dice;

/// A distribution in the plane with a known logarithmic density and independent draws.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Density {
    /// Two interlocking half circles, blurred: the moons of scikit-learn, of radius 0.5 and noise
    /// 0.05.
    TwoMoons,
    /// A mixture of eight equal Gaussians of standard deviation 0.075 on a circle of radius 0.6.
    EightGaussians,
    /// A set of four circles of radii 0.2, 0.4, 0.6 and 0.8, equally likely, blurred by 0.064/3 ≈
    /// 0.0213.
    Rings,
    /// A uniform distribution on the eight dark squares of a board of 4 × 4, each of side 0.4.
    Checkerboard,
}

impl Density {
    /// The list of all densities.
    pub const ALL: [Self; 4] =
        [Self::TwoMoons, Self::EightGaussians, Self::Rings, Self::Checkerboard];

    /// The shape of a draw as an image: two channels of one pixel.
    pub const SHAPE: ImageShape = ImageShape::new(2, 1);

    /// Returns the name that [`FromStr`] reads.
    pub fn name(self) -> &'static str {
        match self {
            Self::TwoMoons => "two-moons",
            Self::EightGaussians => "eight-gaussians",
            Self::Rings => "rings",
            Self::Checkerboard => "checkerboard",
        }
    }

    /// Returns log p(x), normalised over the whole plane, in nats; −∞ outside of the support (off
    /// the squares of the checkerboard). Exact to rounding within [−2, 2]².
    pub fn log_density(self, x: [f64; 2]) -> f64 {
        match self {
            Self::TwoMoons => two_moons::log_density(x),
            Self::EightGaussians => eight_gaussians::log_density(x),
            Self::Rings => rings::log_density(x),
            Self::Checkerboard => checkerboard::log_density(x),
        }
    }

    /// Returns `n` independent draws. Draw `i` depends on the key and on `i`, not on `n`.
    ///
    /// # Panics
    /// If `n` does not fit 32 bits.
    pub fn sample(self, n: usize, key: Key) -> Vec<[f64; 2]> {
        let n = u32::try_from(n).expect("the number of draws must fit 32 bits");
        let draw = match self {
            Self::TwoMoons => two_moons::draw,
            Self::EightGaussians => eight_gaussians::draw,
            Self::Rings => rings::draw,
            Self::Checkerboard => checkerboard::draw,
        };
        (0..n).map(|row| draw(Dice { key, row })).collect()
    }

    /// Returns `n` independent draws as images of one pixel and two channels, for convolutional
    /// networks. The supply is unlimited: fold the iteration into the key and no draw is repeated.
    ///
    /// # Shapes
    /// - output: `[n, 2, 1, 1]`, all but a share below 10⁻⁶ of them in [−1, 1]
    ///
    /// # Panics
    /// If `n` does not fit 32 bits.
    pub fn batch(self, n: usize, key: Key, device: &Device) -> Tensor<4> {
        let draws = self.sample(n, key);
        let values: Vec<f32> = draws.as_flattened().iter().map(|&x| x as f32).collect();
        Tensor::from_data(TensorData::new(values, [n, 2, 1, 1]), device)
    }
}

impl fmt::Display for Density {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Density {
    type Err = DataError;

    fn from_str(name: &str) -> Result<Self, DataError> {
        Self::ALL.into_iter().find(|density| density.name() == name).ok_or_else(|| {
            let known = Self::ALL.map(|density| density.name().to_owned()).into();
            DataError::UnknownDensity { name: name.to_owned(), known }
        })
    }
}

#[cfg(test)]
mod tests;
