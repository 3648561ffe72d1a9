//! The feed-forward convolutional energy of variational MCMC teaching (the released "descriptor").

use burn::module::Module;
use burn::nn::conv::{Conv2d, Conv2dConfig};
use burn::tensor::{Device, Tensor};
use ebm_layers::{ConditionConfig, ConditionLayer, ConvLayer, NetworkError, bent_leaky_relu};
use ebm_noise::{Key, initialise};
use ebm_tensor::{Condition, ConditionShape, ImageShape};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A description of a [`ConvEnergy`]: convolutions with LeakyReLU, then a dense head whose outputs
/// are summed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ConvEnergyConfig {
    /// The hidden convolutions.
    pub layers: Vec<ConvLayer>,
    /// The number of outputs of the head, a convolution over the whole remaining image. f is their
    /// sum: more than one amounts to a larger learning rate of the head.
    pub outputs: usize,
    /// The negative slope of the LeakyReLU.
    pub slope: f64,
    /// The half width of the interval around 0 in which the LeakyReLU bends smoothly; 0 for a kink,
    /// at which ∇U jumps, as in the released code.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub bend: f64,
    /// The standard deviation of the initial convolution weights.
    pub init_std: f64,
    /// The layer that reads c in a conditional energy f(x, c); the first layer if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub condition: Option<ConditionConfig>,
}

impl ConvEnergyConfig {
    /// Returns the released network for MNIST and Fashion-MNIST (1 625 188 parameters at 1 × 28 ×
    /// 28).
    pub fn mnist() -> Self {
        Self {
            layers: vec![
                ConvLayer { channels: 64, kernel: 5, stride: 2 },
                ConvLayer { channels: 128, kernel: 3, stride: 2 },
                ConvLayer { channels: 256, kernel: 3, stride: 1 },
            ],
            outputs: 100,
            slope: 0.2,
            bend: 0.0,
            init_std: 0.005,
            condition: None,
        }
    }

    /// Returns the released network for CIFAR-10 (1 710 465 parameters at 3 × 32 × 32).
    pub fn cifar() -> Self {
        Self {
            layers: vec![
                ConvLayer { channels: 64, kernel: 3, stride: 1 },
                ConvLayer { channels: 128, kernel: 4, stride: 2 },
                ConvLayer { channels: 256, kernel: 4, stride: 2 },
                ConvLayer { channels: 256, kernel: 4, stride: 2 },
            ],
            outputs: 1,
            slope: 0.2,
            bend: 0.0,
            init_std: 0.005,
            condition: None,
        }
    }

    /// Checks the values of all fields.
    ///
    /// # Errors
    /// [`NetworkError`] for the first field with which no network can be built.
    pub fn validate(&self) -> Result<(), NetworkError> {
        ConvLayer::check_all(&self.layers)?;
        NetworkError::check_count("outputs", self.outputs)?;
        NetworkError::check_range(
            "slope",
            self.slope,
            (0.0..1.0).contains(&self.slope),
            "in [0, 1)",
        )?;
        NetworkError::check_range(
            "bend",
            self.bend,
            (0.0..f64::INFINITY).contains(&self.bend),
            "0 or more, finite",
        )?;
        NetworkError::check_range(
            "init_std",
            self.init_std,
            self.init_std > 0.0 && self.init_std.is_finite(),
            "positive and finite",
        )
    }

    /// Returns the network f(x) for images of a given shape, drawn from `key`.
    ///
    /// # Errors
    /// Returns the errors of [`validate`](Self::validate), and an error for a network larger than
    /// any memory.
    pub fn init(
        &self,
        image: ImageShape,
        key: Key,
        device: &Device,
    ) -> Result<ConvEnergy, NetworkError> {
        self.init_conditional(image, None, key, device)
    }

    /// Returns the network f(x, c) for images and conditions of given shapes; without a condition,
    /// the network of [`init`](Self::init).
    ///
    /// # Errors
    /// Returns the errors of [`init`](Self::init), and an error for a condition that does not fit.
    pub fn init_conditional(
        &self,
        image: ImageShape,
        condition: Option<ConditionShape>,
        key: Key,
        device: &Device,
    ) -> Result<ConvEnergy, NetworkError> {
        self.validate()?;
        NetworkError::check_image(image)?;
        let ImageShape { channels, side } = ConvLayer::check_sizes(&self.layers, image)?;
        NetworkError::check_product("outputs", "weights", &[channels, side, side, self.outputs])?;
        let (convolutions, _) = ConvLayer::init_all(&self.layers, image, device);
        let head = Conv2dConfig::new([channels, self.outputs], [side, side]).init(device);
        let init = |condition| {
            let config = self.condition.unwrap_or_default();
            config.init(&self.layers, image, condition, device)
        };
        let condition = condition.map(init).transpose()?;
        let Self { slope, bend, .. } = *self;
        let network = ConvEnergy { convolutions, head, condition, slope, bend, size: image.side };
        Ok(initialise(network, key, self.init_std))
    }
}

fn is_zero(bend: &f64) -> bool {
    *bend == 0.0
}

/// A convolutional network f_θ(x), the negative energy. As an [`Energy`](ebm_energy::Energy) it is
/// U(x) = −f_θ(x).
#[derive(Module, Debug)]
pub struct ConvEnergy {
    pub(crate) convolutions: Vec<Conv2d>,
    pub(crate) head: Conv2d,
    /// The last of the parameters, so that an unconditional network draws the same others without
    /// it.
    pub(crate) condition: Option<ConditionLayer>,
    pub(crate) slope: f64,
    pub(crate) bend: f64,
    /// The side of the images.
    pub(crate) size: usize,
}

impl ConvEnergy {
    /// Returns f_θ(x, c) = Σₖ f_θ,ₖ(x, c), which is high where the model expects data. Without c, a
    /// conditional network takes c = 0.
    ///
    /// # Shapes
    /// - `x`: `[batch, channels, height, width]`
    /// - output: `[batch]`
    pub fn negative_energy(&self, x: Tensor<4>, condition: Option<&Condition>) -> Tensor<1> {
        let mut added = self.added(condition);
        let layers = self.convolutions.iter().enumerate();
        let hidden = layers.fold(x, |x, (index, convolution)| {
            let sums = convolution.forward(x);
            let sums = match added.take_if(|(layer, _)| *layer == index) {
                Some((_, added)) => sums + added,
                None => sums,
            };
            bent_leaky_relu(sums, self.slope, self.bend)
        });
        // The head covers the whole image and its outputs are summed: Σₖ (wₖ·h + bₖ) = (Σₖ wₖ)·h +
        // Σₖ bₖ, one dot product for each sample instead of a convolution.
        let weight = self.head.weight.val().sum_dim(0).flatten::<2>(1, 3).transpose();
        let f = hidden.flatten::<2>(1, 3).matmul(weight).squeeze_dim::<1>(1);
        match &self.head.bias {
            Some(bias) => f + bias.val().sum(),
            None => f,
        }
    }

    /// Returns the index of a layer, and the sums that a condition adds to its own.
    pub(crate) fn added(&self, condition: Option<&Condition>) -> Option<(usize, Tensor<4>)> {
        let own = self.condition.as_ref()?;
        Some((own.layer(), own.sums(condition?)))
    }
}

#[cfg(test)]
mod tests {
    use burn::tensor::Tolerance;
    use ebm_energy::Energy;
    use ebm_layers::leaky_relu;

    use super::*;

    fn network(device: &Device) -> ConvEnergy {
        ConvEnergyConfig::mnist()
            .init(ImageShape::new(1, 28), Key::new(5), device)
            .expect("the network is valid")
    }

    #[test]
    fn released_parameter_counts() {
        let device = Device::flex();
        assert_eq!(network(&device).num_params(), 1_625_188);
        let cifar = ConvEnergyConfig::cifar()
            .init(ImageShape::new(3, 32), Key::new(5), &device)
            .expect("valid");
        assert_eq!(cifar.num_params(), 1_710_465);
        // The head is as large as what is left of the image.
        assert_eq!(cifar.head.weight.dims(), [1, 256, 4, 4]);
        assert_eq!(cifar.negative_energy(Tensor::zeros([2, 3, 32, 32], &device), None).dims(), [2]);
    }

    /// The summed head equals the convolution with all its outputs, added up.
    #[test]
    fn head_is_the_summed_convolution() {
        let device = Device::flex();
        let network = network(&device);
        let x = Key::new(1).uniform::<4>([3, 1, 28, 28], &device) * 2.0 - 1.0;
        let hidden = network
            .convolutions
            .iter()
            .fold(x.clone(), |x, layer| leaky_relu(layer.forward(x), 0.2));
        assert_eq!(hidden.dims(), [3, 256, 7, 7]);
        let all = network.head.forward(hidden);
        assert_eq!(all.dims(), [3, 100, 1, 1]);
        let summed = all.flatten::<2>(1, 3).sum_dim(1).squeeze_dim::<1>(1);
        let f = network.negative_energy(x, None);
        f.into_data().assert_approx_eq(&summed.into_data(), Tolerance::<f32>::rel_abs(1e-4, 1e-7));
    }

    /// A wide initialisation, so that the energy is curved enough for finite differences to see.
    #[test]
    fn gradient_matches_finite_differences() {
        let device = Device::flex();
        let config = ConvEnergyConfig { init_std: 0.1, ..ConvEnergyConfig::mnist() };
        let network =
            config.init(ImageShape::new(1, 28), Key::new(5), &device).expect("valid").valid();
        let x = Key::new(2).uniform::<4>([2, 1, 28, 28], &device) * 2.0 - 1.0;
        let direction = Key::new(3).normal::<4>([2, 1, 28, 28], &device);
        let (_, gradient) = network.energy_and_gradient(x.clone());
        let slope =
            (gradient * direction.clone()).flatten::<2>(1, 3).sum_dim(1).squeeze_dim::<1>(1);
        let half_width = 1e-3;
        let difference = (network.energy(x.clone() + direction.clone() * half_width)
            - network.energy(x - direction * half_width))
            / (2.0 * half_width);
        slope
            .into_data()
            .assert_approx_eq(&difference.into_data(), Tolerance::<f32>::rel_abs(1e-2, 1e-2));
    }

    #[test]
    fn the_same_key_gives_the_same_network() {
        let device = Device::flex();
        let x = Key::new(9).normal::<4>([2, 1, 28, 28], &device);
        let f = |network: ConvEnergy| network.negative_energy(x.clone(), None).into_data();
        f(network(&device)).assert_eq(&f(network(&device)), true);
    }

    #[test]
    fn impossible_configurations_are_named() {
        let mut config = ConvEnergyConfig::mnist();
        config.layers[1].stride = 0;
        let error = config.validate().expect_err("stride 0");
        assert_eq!(error.to_string(), "layers[1].stride is 0; it must be in 1..=16384");
    }
}
