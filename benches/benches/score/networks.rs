//! The networks that are measured: those of the paper's released code.

use burn::tensor::Device;
use clap::ValueEnum;
use ebm::networks::{ConvEnergy, ConvEnergyConfig};
use ebm::noise::Key;
use ebm::teaching::Recipe;

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum Net {
    Mnist,
    Cifar,
}

impl Net {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Mnist => "mnist",
            Self::Cifar => "cifar",
        }
    }

    /// Channels and side of an image.
    pub(crate) fn image(self) -> [usize; 2] {
        match self {
            Self::Mnist => [1, 28],
            Self::Cifar => [3, 32],
        }
    }

    pub(crate) fn energy(self, device: &Device) -> (ConvEnergy, [usize; 2]) {
        let config = match self {
            Self::Mnist => ConvEnergyConfig::mnist(),
            Self::Cifar => ConvEnergyConfig::cifar(),
        };
        let energy = config.init(self.image(), Key::new(0), device).expect("a valid network");
        (energy, self.image())
    }

    /// The released networks and settings.
    pub(crate) fn recipe(self) -> Recipe {
        let name = match self {
            Self::Mnist => "mnist",
            Self::Cifar => "cifar10",
        };
        Recipe::embedded(name).expect("an embedded recipe")
    }
}
