//! The networks that are measured: those of the paper's released code.

use burn::tensor::Device;
use clap::ValueEnum;
use ebm::energy::{ConvEnergy, ConvEnergyConfig, ConvLayer};
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
            Self::Cifar => ConvEnergyConfig {
                layers: [(64, 3, 1), (128, 4, 2), (256, 4, 2), (256, 4, 2)]
                    .map(|(channels, kernel, stride)| ConvLayer { channels, kernel, stride })
                    .to_vec(),
                outputs: 1,
                ..ConvEnergyConfig::mnist()
            },
        };
        let energy = config.init(self.image(), Key::new(0), device).expect("a valid network");
        (energy, self.image())
    }

    pub(crate) fn recipe(self) -> Recipe {
        match self {
            Self::Mnist => Recipe::embedded("mnist").expect("an embedded recipe"),
            Self::Cifar => Recipe::from_toml(CIFAR, "cifar").expect("a valid recipe"),
        }
    }
}

/// The released networks and settings for CIFAR-10. The data set's name is not used.
const CIFAR: &str = r#"
    extends = "mnist"
    name = "cifar"
    [student]
    kl_weight = 2.0
    [chains]
    step_size = 0.002
    [optimiser]
    vae_learning_rate = 0.0002
    [energy]
    layers = [
        { channels = 64, kernel = 3, stride = 1 },
        { channels = 128, kernel = 4, stride = 2 },
        { channels = 256, kernel = 4, stride = 2 },
        { channels = 256, kernel = 4, stride = 2 },
    ]
    outputs = 1
    [vae.encoder]
    layers = [
        { channels = 64, kernel = 3, stride = 1 },
        { channels = 128, kernel = 4, stride = 2 },
        { channels = 256, kernel = 4, stride = 2 },
        { channels = 512, kernel = 4, stride = 2 },
    ]
    dropout = 0.0
    [vae.decoder]
    layers = [
        { channels = 256, kernel = 4, stride = 1, size = 4, norm = true },
        { channels = 128, kernel = 4, stride = 2, size = 8, norm = true },
        { channels = 64, kernel = 4, stride = 2, size = 16, norm = true },
        { channels = 64, kernel = 3, stride = 2, size = 32, norm = false },
        { channels = 3, kernel = 3, stride = 1, size = 32, norm = false },
    ]
    slope = 0.2
"#;
