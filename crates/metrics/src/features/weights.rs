//! Weights from files: named tensors, checked against the shapes that a network expects.

use std::borrow::Cow;
use std::path::Path;

use burn::module::Param;
use burn::nn::conv::{Conv2d, Conv2dConfig};
use burn::nn::{Linear, LinearConfig};
use burn::tensor::{DType, Device, Tensor, TensorData, f16};
use safetensors::{Dtype, SafeTensors, View};

use super::error::FeatureError;
use super::pytorch::StateDict;

/// The size of the largest file of weights that is read, five times that of the Inception network.
pub const MAX_WEIGHT_BYTES: u64 = 512 << 20;

/// The contents of a file of weights, with its name for errors.
pub(super) struct WeightFile {
    path: String,
    bytes: Vec<u8>,
}

impl WeightFile {
    /// Reads a whole file.
    pub(super) fn read(path: &Path) -> Result<Self, FeatureError> {
        let bytes = ebm_files::read_file(path, MAX_WEIGHT_BYTES)?;
        Ok(Self { path: path.display().to_string(), bytes })
    }

    pub(super) fn weights(&self) -> Result<Weights<'_>, FeatureError> {
        Weights::parse(&self.path, &self.bytes)
    }
}

/// The named tensors of a file.
pub(super) struct Weights<'a> {
    path: &'a str,
    tensors: Tensors<'a>,
}

enum Tensors<'a> {
    Safetensors(SafeTensors<'a>),
    Pytorch(StateDict<'a>),
}

impl<'a> Weights<'a> {
    /// Parses the contents of a file, which errors name `path`.
    pub(super) fn parse(path: &'a str, bytes: &'a [u8]) -> Result<Self, FeatureError> {
        let tensors = if StateDict::recognises(bytes) {
            StateDict::parse(bytes).map(Tensors::Pytorch)
        } else {
            let tensors = SafeTensors::deserialize(bytes).map_err(|error| error.to_string());
            tensors.map(Tensors::Safetensors)
        };
        let tensors =
            tensors.map_err(|problem| FeatureError::Format { path: path.into(), problem })?;
        Ok(Self { path, tensors })
    }

    /// Reads the tensor `name` in single precision.
    pub(super) fn tensor<const D: usize>(
        &self,
        name: &str,
        shape: [usize; D],
        device: &Device,
    ) -> Result<Tensor<D>, FeatureError> {
        let (path, tensor) = (|| self.path.to_owned(), || name.to_owned());
        let fail = |problem| FeatureError::Numbers { path: path(), tensor: tensor(), problem };
        let check = |given: &[usize]| {
            if given == shape {
                return Ok(());
            }
            let (given, expected) = (given.to_vec(), shape.to_vec());
            Err(FeatureError::Shape { path: path(), tensor: tensor(), given, expected })
        };
        let missing = || {
            let expected = shape.to_vec();
            FeatureError::Missing { path: path(), tensor: tensor(), expected }
        };
        let (element, bytes) = match &self.tensors {
            Tensors::Safetensors(tensors) => {
                let view = tensors.tensor(name).map_err(|_| missing())?;
                check(view.shape())?;
                (view.dtype(), view.data().to_vec())
            }
            Tensors::Pytorch(tensors) => {
                let description = tensors.get(name).ok_or_else(missing)?;
                check(&description.shape)?;
                (description.element, tensors.bytes(description).map_err(fail)?)
            }
        };
        let dtype = match element {
            Dtype::F16 => DType::F16,
            Dtype::BF16 => DType::BF16,
            Dtype::F32 => DType::F32,
            Dtype::F64 => DType::F64,
            other => {
                return Err(fail(format!("is of type {other}, expected floating-point numbers")));
            }
        };
        let data = TensorData::try_from_bytes_vec(bytes, shape, dtype)
            .map_err(|error| fail(error.to_string()))?
            .convert::<f32>();
        let broken = data.iter::<f32>().position(|value| !value.is_finite());
        if let Some(index) = broken {
            return Err(fail(format!("is not finite at index {index}")));
        }
        Ok(Tensor::from_data(data, device))
    }

    /// Reads a convolution: `name.weight` and, if the layer has a bias, `name.bias`.
    pub(super) fn conv2d(
        &self,
        name: &str,
        config: &Conv2dConfig,
        device: &Device,
    ) -> Result<Conv2d, FeatureError> {
        let [inputs, outputs] = config.channels;
        let [height, width] = config.kernel_size;
        let shape = [outputs, inputs / config.groups, height, width];
        let mut layer = config.init(device);
        layer.weight = Param::from_tensor(self.tensor(&format!("{name}.weight"), shape, device)?);
        if config.bias {
            let bias = self.tensor(&format!("{name}.bias"), [outputs], device)?;
            layer.bias = Some(Param::from_tensor(bias));
        }
        Ok(layer)
    }

    /// Reads a convolution without bias, `name.weight`, and folds the batch normalisation `norm`
    /// that follows into weights and a bias: γ·(w ∗ x − μ)/√(σ² + ε) + β.
    pub(super) fn normalised_conv2d(
        &self,
        name: &str,
        norm: &str,
        config: &Conv2dConfig,
        epsilon: f64,
        device: &Device,
    ) -> Result<Conv2d, FeatureError> {
        let [_, outputs] = config.channels;
        let vector = |part| self.tensor::<1>(&format!("{norm}.{part}"), [outputs], device);
        let variance = vector("running_var")?;
        if variance.clone().min().into_scalar::<f32>() < 0.0 {
            let (path, tensor) = (self.path.to_owned(), format!("{norm}.running_var"));
            let problem = "has a negative value, expected variances".into();
            return Err(FeatureError::Numbers { path, tensor, problem });
        }
        let scale = vector("weight")? / (variance + epsilon).sqrt();
        let bias = vector("bias")? - vector("running_mean")? * scale.clone();
        let mut layer = self.conv2d(name, &config.clone().with_bias(false), device)?;
        let weight = layer.weight.val() * scale.reshape([outputs, 1, 1, 1]);
        layer.weight = Param::from_tensor(weight);
        layer.bias = Some(Param::from_tensor(bias));
        Ok(layer)
    }

    /// Reads a dense layer: `name.weight` in PyTorch's layout, `[outputs, inputs]`, and
    /// `name.bias`.
    pub(super) fn linear(
        &self,
        name: &str,
        [inputs, outputs]: [usize; 2],
        device: &Device,
    ) -> Result<Linear, FeatureError> {
        let mut layer = LinearConfig::new(inputs, outputs).init(device);
        let weight = self.tensor::<2>(&format!("{name}.weight"), [outputs, inputs], device)?;
        layer.weight = Param::from_tensor(weight.transpose());
        let bias = self.tensor(&format!("{name}.bias"), [outputs], device)?;
        layer.bias = Some(Param::from_tensor(bias));
        Ok(layer)
    }
}

/// A tensor in half precision, for writing.
pub(super) struct Half {
    shape: Vec<usize>,
    bytes: Vec<u8>,
}

impl Half {
    pub(super) fn new<const D: usize>(tensor: Tensor<D>) -> Self {
        let shape = tensor.dims().to_vec();
        let values = tensor.into_data();
        let bytes = values.iter::<f32>().flat_map(|x| f16::from_f32(x).to_le_bytes()).collect();
        Self { shape, bytes }
    }
}

impl View for Half {
    fn dtype(&self) -> Dtype {
        Dtype::F16
    }

    fn shape(&self) -> &[usize] {
        &self.shape
    }

    fn data(&self) -> Cow<'_, [u8]> {
        Cow::Borrowed(&self.bytes)
    }

    fn data_len(&self) -> usize {
        self.bytes.len()
    }
}
