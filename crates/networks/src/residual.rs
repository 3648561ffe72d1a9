//! A residual energy: smooth (SiLU), with skips, at will with spectral normalisation.

use burn::module::Module;
use burn::nn::conv::{Conv2d, Conv2dConfig};
use burn::nn::pool::AvgPool2dConfig;
use burn::nn::{Linear, LinearConfig};
use burn::tensor::activation::silu;
use burn::tensor::{Device, Tensor};
use ebm_energy::{Energy, Frozen};
use ebm_layers::{NetworkError, same_output, same_padding};
use ebm_noise::{Key, initialise_fan_in};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::spectral::{self, SpectralNorm};

/// The layers of a [`ResidualEnergy`], as in "Implicit generation and modeling with energy-based models" (Du
/// and Mordatch, NeurIPS 2019): a convolution, stages of residual blocks with images halved between stages, a
/// sum over pixels, a dense head.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ResidualEnergyConfig {
    /// Channels of each stage.
    pub channels: Vec<usize>,
    /// Residual blocks of each stage.
    pub blocks: usize,
    /// Whether each weight is divided by its largest singular value. A convolution of side k then lengthens
    /// no difference by more than k.
    pub spectral_norm: bool,
}

impl ResidualEnergyConfig {
    /// Checks the numbers.
    ///
    /// # Errors
    /// The first field that no network can be built with.
    pub fn validate(&self) -> Result<(), NetworkError> {
        if self.channels.is_empty() {
            return Err(NetworkError::NoLayers { field: "energy.channels".into() });
        }
        for (i, &channels) in self.channels.iter().enumerate() {
            NetworkError::check_count(format!("energy.channels[{i}]"), channels)?;
        }
        NetworkError::check_count("energy.blocks", self.blocks)
    }

    /// The network for square images of `[channels, size, size]`, drawn from `key`.
    ///
    /// # Errors
    /// As [`validate`](Self::validate), or a network larger than any memory.
    pub fn init(
        &self,
        [channels, size]: [usize; 2],
        key: Key,
        device: &Device,
    ) -> Result<ResidualEnergy, NetworkError> {
        self.validate()?;
        NetworkError::check_count("image channels", channels)?;
        NetworkError::check_count("image size", size)?;
        self.check_sizes([channels, size])?;
        let stem = convolution(channels, self.channels[0], 3).init(device);
        // The blocks' sum is as large as one of them: the network starts tame at any depth.
        let scale = 1.0 / ((self.channels.len() * self.blocks) as f64).sqrt();
        let mut below = self.channels[0];
        let mut stages = Vec::with_capacity(self.channels.len());
        for &channels in &self.channels {
            let block = |index| {
                let below = if index == 0 { below } else { channels };
                ResidualBlock::new(below, channels, scale, device)
            };
            stages.push(Stage { blocks: (0..self.blocks).map(block).collect() });
            below = channels;
        }
        let head = LinearConfig::new(below, 1).init(device);
        let network = initialise_fan_in(ResidualEnergy { stem, stages, head }, key.fold(0));
        Ok(if self.spectral_norm { spectral::normalise(network, key.fold(1)) } else { network })
    }

    fn check_sizes(&self, [mut below, mut size]: [usize; 2]) -> Result<(), NetworkError> {
        for (i, &channels) in self.channels.iter().enumerate() {
            let name = || format!("energy.channels[{i}]");
            let weights = [self.blocks + 1, 2, 9, channels, channels.max(below)];
            NetworkError::check_product(name(), "weights", &weights)?;
            let activations = [channels.max(below), size + 2, size + 2];
            NetworkError::check_product(name(), "activations", &activations)?;
            (below, size) = (channels, same_output(size, 2));
        }
        Ok(())
    }
}

/// f_θ(x), the negative energy, as a residual network; as an [`Energy`], U(x) = −f_θ(x).
#[derive(Module, Debug)]
pub struct ResidualEnergy {
    stem: Conv2d,
    stages: Vec<Stage>,
    head: Linear,
}

#[derive(Module, Debug)]
struct Stage {
    blocks: Vec<ResidualBlock>,
}

/// S(x) + s·C₂(silu(C₁(x))), where S is a 1 × 1 convolution if the channels change, else the identity.
#[derive(Module, Debug)]
struct ResidualBlock {
    first: Conv2d,
    second: Conv2d,
    skip: Option<Conv2d>,
    scale: f64,
}

impl ResidualEnergy {
    /// f_θ(x): high where the model expects data.
    ///
    /// # Shapes
    /// - `x`: `[batch, channels, height, width]`
    /// - output: `[batch]`
    pub fn negative_energy(&self, x: Tensor<4>) -> Tensor<1> {
        // What is left over at the lower and the right edge is averaged by itself, so that every pixel counts.
        let halve =
            AvgPool2dConfig::new([2, 2]).with_count_include_pad(false).with_ceil_mode(true).init();
        let mut hidden = self.stem.forward(x);
        for (index, stage) in self.stages.iter().enumerate() {
            hidden = if index == 0 { hidden } else { halve.forward(hidden) };
            hidden = stage.blocks.iter().fold(hidden, |hidden, block| block.forward(hidden));
        }
        let features = silu(hidden).flatten::<3>(2, 3).sum_dim(2).squeeze_dim::<2>(2);
        self.head.forward(features).squeeze_dim::<1>(1)
    }

    /// After a learning step: one step of the power iteration that spectral normalisation estimates singular
    /// values by; without it, nothing.
    pub fn renormalise(self) -> Self {
        if self.is_normalised() { spectral::advance(self) } else { self }
    }

    /// The network without autodiff, its weights divided once and for all if they are normalised.
    pub(crate) fn materialised(&self) -> Self {
        if self.is_normalised() { self.valid().materialize() } else { self.valid() }
    }

    fn is_normalised(&self) -> bool {
        self.stem.weight.reparameterization::<SpectralNorm>().is_some()
    }
}

impl ResidualBlock {
    fn new(below: usize, channels: usize, scale: f64, device: &Device) -> Self {
        let skip = || convolution(below, channels, 1).with_bias(false).init(device);
        Self {
            first: convolution(below, channels, 3).init(device),
            second: convolution(channels, channels, 3).init(device),
            skip: (below != channels).then(skip),
            scale,
        }
    }

    fn forward(&self, x: Tensor<4>) -> Tensor<4> {
        let residual = self.second.forward(silu(self.first.forward(x.clone())));
        let skip = self.skip.as_ref().map_or(x.clone(), |skip| skip.forward(x));
        skip + residual * self.scale
    }
}

impl Energy<4> for ResidualEnergy {
    fn energy(&self, x: Tensor<4>) -> Tensor<1> {
        self.negative_energy(x).neg()
    }

    /// With spectral normalisation: the weights are divided once, not in every step.
    fn freeze(&self) -> Option<Frozen<'_, 4>> {
        self.is_normalised().then(|| Box::new(self.materialised()) as _)
    }
}

fn convolution(below: usize, channels: usize, kernel: usize) -> Conv2dConfig {
    Conv2dConfig::new([below, channels], [kernel, kernel])
        .with_padding(same_padding(kernel, kernel, 1))
}

#[cfg(test)]
mod tests {
    use burn::module::{ModuleMapper, Param};
    use burn::tensor::Tolerance;
    use proptest::prelude::*;

    use super::*;

    fn config(channels: &[usize], blocks: usize, spectral_norm: bool) -> ResidualEnergyConfig {
        ResidualEnergyConfig { channels: channels.into(), blocks, spectral_norm }
    }

    fn numbers<const D: usize>(tensor: Tensor<D>) -> Vec<f64> {
        tensor.into_data().iter::<f64>().collect()
    }

    fn images(key: u64, image: [usize; 2], batch: usize) -> Tensor<4> {
        let shape = [batch, image[0], image[1], image[1]];
        Key::new(key).uniform::<4>(shape, &Device::flex()) * 2.0 - 1.0
    }

    /// Counted by hand: every convolution c·c'·k² + c' (none for the skip), the head c + 1.
    #[test]
    fn parameter_count() {
        let device = Device::flex();
        let count = |norm| {
            let network = config(&[8, 16], 2, norm).init([3, 32], Key::new(1), &device);
            network.expect("valid").num_params()
        };
        let conv = |below: usize, channels: usize| 9 * below * channels + channels;
        let weights =
            conv(3, 8) + 4 * conv(8, 8) + conv(8, 16) + 3 * conv(16, 16) + 8 * 16 + 16 + 1;
        assert_eq!(count(false), weights);
        // And a vector for each weight, as long as its output; the head's as its input.
        assert_eq!(count(true), weights + 5 * 8 + 5 * 16 + 16);
    }

    /// f of an untrained network varies between images, and by numbers of order one, at any depth.
    #[test]
    fn it_starts_tame() {
        for (image, channels, blocks) in
            [([1, 28], vec![16, 32], 1), ([3, 32], vec![8, 8, 8], 4), ([3, 16], vec![8], 20)]
        {
            for norm in [false, true] {
                let network = config(&channels, blocks, norm)
                    .init(image, Key::new(3), &Device::flex())
                    .expect("valid");
                let f = numbers(network.negative_energy(images(1, image, 8)));
                let mean = f.iter().sum::<f64>() / 8.0;
                let variance = f.iter().map(|f| (f - mean).powi(2)).sum::<f64>() / 8.0;
                assert!(variance > 1e-6, "{image:?}, {channels:?}, {norm}: variance {variance}");
                assert!(f.iter().all(|f| f.abs() < 1e3), "{image:?}, {channels:?}, {norm}: {f:?}");
            }
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

        /// Of odd sizes too, down to a single pixel.
        #[test]
        fn gradient_matches_finite_differences(
            channels in 1usize..4,
            size in prop_oneof![1usize..12, Just(28), Just(32)],
            stages in prop::collection::vec(1usize..7, 1..4),
            blocks in 1usize..3,
            spectral_norm: bool,
        ) {
            let image = [channels, size];
            let network = config(&stages, blocks, spectral_norm)
                .init(image, Key::new(5), &Device::flex())
                .expect("valid");
            let x = images(2, image, 3);
            let direction = Key::new(3).normal::<4>(x.dims(), &Device::flex());
            let (value, gradient) = network.energy_and_gradient(x.clone());
            let slope = (gradient.clone() * direction.clone()).flatten::<2>(1, 3).sum_dim(1);
            let h = 1e-2;
            let at = |h: f64| numbers(network.energy(x.clone() + direction.clone() * h));
            for ((slope, up), down) in numbers(slope).iter().zip(at(h)).zip(at(-h)) {
                let difference = (up - down) / (2.0 * h);
                let tolerance = 2e-2 * slope.abs().max(0.1) + 1e-5 * up.abs() / h;
                prop_assert!((slope - difference).abs() < tolerance, "{slope} and {difference}");
            }
            // A frozen network is the same one.
            if let Some(frozen) = Energy::freeze(&network) {
                let (frozen_value, frozen_gradient) = frozen.energy_and_gradient(x);
                let tolerance = Tolerance::<f32>::rel_abs(1e-5, 1e-5);
                frozen_value.into_data().assert_approx_eq(&value.into_data(), tolerance);
                frozen_gradient.into_data().assert_approx_eq(&gradient.into_data(), tolerance);
            }
        }
    }

    /// Pooling an odd image leaves no pixel out.
    #[test]
    fn every_pixel_counts() {
        let network =
            config(&[4, 4, 4], 1, false).init([1, 7], Key::new(5), &Device::flex()).expect("valid");
        let (_, gradient) = network.energy_and_gradient(images(2, [1, 7], 1));
        assert!(numbers(gradient).iter().all(|slope| slope.abs() > 1e-6));
    }

    struct Scale(f64);

    impl ModuleMapper for Scale {
        fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
            if D == 4 { param.map(|weight| weight * self.0) } else { param }
        }
    }

    /// However large the weights are: f stays as it was, and as steep as the layers' norms allow. Silu's
    /// slope is at most 1.1, a convolution's norm at most its side, that of a mean of four ½, and that of a
    /// sum over n pixels √n.
    #[test]
    fn spectral_norm_bounds_the_slope() {
        let (image, device) = ([1, 8], Device::flex());
        let network =
            |norm| config(&[6, 6], 2, norm).init(image, Key::new(5), &device).expect("ok");
        let x = images(2, image, 10);
        let steepest = |network: &ResidualEnergy| {
            let (_, gradient) = network.energy_and_gradient(x.clone());
            let squares = gradient.powi_scalar(2).flatten::<2>(1, 3).sum_dim(1);
            squares.sqrt().max().into_scalar::<f32>()
        };
        let block = 1.0 + 0.5 * 3.0 * 1.1 * 3.0;
        let bound = 3.0 * f32::powi(block, 4) * 0.5 * 1.1 * 4.0;
        let normal = network(true);
        let wide = network(true).map(&mut Scale(100.0));
        assert!(steepest(&wide) < bound, "{} and {bound}", steepest(&wide));
        assert!(steepest(&network(false).map(&mut Scale(100.0))) > bound);
        let tolerance = Tolerance::<f32>::rel_abs(1e-4, 1e-4);
        let [f, wide] = [normal, wide].map(|network| network.negative_energy(x.clone()));
        wide.into_data().assert_approx_eq(&f.into_data(), tolerance);
    }

    #[test]
    fn impossible_configurations_are_named() {
        let device = Device::flex();
        for (config, message) in [
            (config(&[], 1, false), "energy.channels is empty; at least one layer is needed"),
            (config(&[8, 0], 1, false), "energy.channels[1] is 0; it must be in 1..=16384"),
            (config(&[8], 0, true), "energy.blocks is 0; it must be in 1..=16384"),
            (config(&[16_384], 9, true), "energy.channels[0] has"),
        ] {
            let error = config.init([1, 28], Key::new(1), &device).expect_err(message);
            assert!(error.to_string().starts_with(message), "{error}");
        }
    }
}
