//! Descriptions of networks, as configuration files choose them.

use burn::tensor::Device;
use ebm_layers::{ConditionConfig, ConvLayer, NetworkError};
use ebm_noise::Key;
use ebm_tensor::{ConditionShape, ImageShape};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::conv::ConvEnergyConfig;
use crate::network::EnergyNetwork;
use crate::residual::ResidualEnergyConfig;

/// A description of an [`EnergyNetwork`]. In files, the key `network` selects `"conv"`, the
/// default, or `"residual"`; the keys of that network are at the same level.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "network", rename_all = "lowercase", try_from = "Keys")]
pub enum EnergyConfig {
    /// A feed-forward network, such as the released ones.
    Conv(ConvEnergyConfig),
    /// A residual network.
    Residual(ResidualEnergyConfig),
}

impl EnergyConfig {
    /// Checks the values of all fields.
    ///
    /// # Errors
    /// [`NetworkError`] for the first field with which no network can be built.
    pub fn validate(&self) -> Result<(), NetworkError> {
        match self {
            Self::Conv(config) => config.validate(),
            Self::Residual(config) => config.validate(),
        }
    }

    /// Returns the network f(x) for images of a given shape, or f(x, c) if the shape of c is given
    /// too, drawn from `key`.
    ///
    /// # Errors
    /// Returns the errors of [`validate`](Self::validate), and an error for a network larger than
    /// any memory or one that takes no such condition.
    pub fn init(
        &self,
        image: ImageShape,
        condition: Option<ConditionShape>,
        key: Key,
        device: &Device,
    ) -> Result<EnergyNetwork, NetworkError> {
        Ok(match (self, condition) {
            (Self::Conv(config), _) => {
                EnergyNetwork::Conv(config.init_conditional(image, condition, key, device)?)
            }
            (Self::Residual(config), None) => {
                EnergyNetwork::Residual(config.init(image, key, device)?)
            }
            (Self::Residual(_), Some(_)) => {
                return Err(NetworkError::Unconditional { network: "residual" });
            }
        })
    }
}

impl From<ConvEnergyConfig> for EnergyConfig {
    fn from(config: ConvEnergyConfig) -> Self {
        Self::Conv(config)
    }
}

impl From<ResidualEnergyConfig> for EnergyConfig {
    fn from(config: ResidualEnergyConfig) -> Self {
        Self::Residual(config)
    }
}

/// The keys of all networks. They are matched with the network after all are read, so that
/// `network` may be absent and a value of a wrong type is reported with its key and line.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Keys {
    network: Option<Name>,
    layers: Option<Vec<ConvLayer>>,
    outputs: Option<usize>,
    slope: Option<f64>,
    bend: Option<f64>,
    init_std: Option<f64>,
    condition: Option<ConditionConfig>,
    channels: Option<Vec<usize>>,
    blocks: Option<usize>,
    spectral_norm: Option<bool>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum Name {
    Conv,
    Residual,
}

impl TryFrom<Keys> for EnergyConfig {
    type Error = NetworkError;

    fn try_from(keys: Keys) -> Result<Self, NetworkError> {
        match keys.network.unwrap_or(Name::Conv) {
            Name::Conv => {
                foreign("conv", "channels", keys.channels)?;
                foreign("conv", "blocks", keys.blocks)?;
                foreign("conv", "spectral_norm", keys.spectral_norm)?;
                Ok(Self::Conv(ConvEnergyConfig {
                    layers: own("conv", "layers", keys.layers)?,
                    outputs: own("conv", "outputs", keys.outputs)?,
                    slope: own("conv", "slope", keys.slope)?,
                    bend: keys.bend.unwrap_or(0.0),
                    init_std: own("conv", "init_std", keys.init_std)?,
                    condition: keys.condition,
                }))
            }
            Name::Residual => {
                foreign("residual", "layers", keys.layers)?;
                foreign("residual", "outputs", keys.outputs)?;
                foreign("residual", "slope", keys.slope)?;
                foreign("residual", "bend", keys.bend)?;
                foreign("residual", "init_std", keys.init_std)?;
                foreign("residual", "condition", keys.condition)?;
                Ok(Self::Residual(ResidualEnergyConfig {
                    channels: own("residual", "channels", keys.channels)?,
                    blocks: own("residual", "blocks", keys.blocks)?,
                    spectral_norm: own("residual", "spectral_norm", keys.spectral_norm)?,
                }))
            }
        }
    }
}

fn own<T>(network: &'static str, key: &'static str, value: Option<T>) -> Result<T, NetworkError> {
    value.ok_or(NetworkError::MissingKey { field: key.into(), network })
}

fn foreign<T>(
    network: &'static str,
    key: &'static str,
    value: Option<T>,
) -> Result<(), NetworkError> {
    value.map_or(Ok(()), |_| Err(NetworkError::ForeignKey { field: key.into(), network }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{CONV, RESIDUAL};

    #[test]
    fn configurations_survive_a_round_trip() {
        let residual =
            ResidualEnergyConfig { channels: vec![4, 6], blocks: 1, spectral_norm: true };
        let read = |text: &str| toml::from_str::<EnergyConfig>(text).expect(text);
        assert_eq!(read(RESIDUAL), residual.into());
        // Older recipes lack the key `network`.
        let conv = read(CONV);
        assert!(matches!(&conv, EnergyConfig::Conv(config) if config.outputs == 2));
        for config in [conv, read(RESIDUAL), ConvEnergyConfig::cifar().into()] {
            let text = toml::to_string(&config).expect("serialises");
            assert!(text.starts_with("network = "), "{text}");
            assert_eq!(read(&text), config);
        }
    }

    #[test]
    fn what_is_wrong_is_named() {
        for (text, message) in [
            (format!("{CONV}stride = 1"), "unknown field `stride`"),
            (format!("{CONV}blocks = 1"), "blocks is not a key of network \"conv\""),
            (format!("{RESIDUAL}slope = 0.2"), "slope is not a key of network \"residual\""),
            ("slope = 0.2".into(), "layers is missing; network \"conv\" needs it"),
            (RESIDUAL.replace("blocks = 1\n", ""), "blocks is missing"),
            (RESIDUAL.replace("residual", "dense"), "unknown variant `dense`"),
            (RESIDUAL.replace("blocks = 1", "blocks = \"one\""), "blocks = \"one\""),
        ] {
            let error = toml::from_str::<EnergyConfig>(&text).expect_err(&text).to_string();
            assert!(error.contains(message), "{text:?} gave {error:?}");
        }
    }
}
