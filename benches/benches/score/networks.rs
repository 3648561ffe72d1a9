//! The measured networks: those of the paper's released code.

use burn::tensor::Device;
use clap::ValueEnum;
use ebm::networks::{ConvEnergy, ConvEnergyConfig};
use ebm::noise::Key;
use ebm::teaching::Recipe;
use ebm::tensor::ImageShape;

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

    /// Returns the channels and side of an image.
    pub(crate) fn image(self) -> ImageShape {
        match self {
            Self::Mnist => ImageShape::new(1, 28),
            Self::Cifar => ImageShape::new(3, 32),
        }
    }

    pub(crate) fn energy(self, device: &Device) -> (ConvEnergy, ImageShape) {
        let config = match self {
            Self::Mnist => ConvEnergyConfig::mnist(),
            Self::Cifar => ConvEnergyConfig::cifar(),
        };
        let energy = config.init(self.image(), Key::new(0), device).expect("a valid network");
        (energy, self.image())
    }

    /// Returns the recipe with the released networks and settings.
    pub(crate) fn recipe(self) -> Recipe {
        let name = match self {
            Self::Mnist => "mnist",
            Self::Cifar => "cifar10",
        };
        Recipe::embedded(name).expect("an embedded recipe")
    }
}
