//! The values of tensors on the host.

use burn::tensor::{Device, Tensor};

/// Returns whether a device keeps its tensors in the memory of the processor that runs this
/// program, so that reading or creating one costs at most a copy.
pub fn is_host(device: &Device) -> bool {
    // Burn's enum of devices has a variant only if some crate of the build enables its backend,
    // which a library cannot know: only the name exists in every build.
    let name = format!("{:?}", device.clone().without_autodiff());
    ["Device<Flex(", "Device<NdArray("].iter().any(|host| name.starts_with(host))
}

/// Reads all values of a tensor in single precision, in row-major order.
pub fn values<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
    let data = tensor.without_autodiff().into_data();
    // One copy in single precision; other types are converted element by element.
    data.try_to_vec::<f32>().unwrap_or_else(|_| data.iter::<f32>().collect())
}

/// Reads all values of a tensor in double precision, in row-major order.
pub fn values_f64<const D: usize>(tensor: Tensor<D>) -> Vec<f64> {
    tensor.without_autodiff().into_data().iter::<f64>().collect()
}

/// Reads the value of a tensor that has only one.
///
/// # Panics
/// If the tensor has more than one value.
pub fn scalar(tensor: Tensor<1>) -> f64 {
    f64::from(tensor.without_autodiff().into_scalar::<f32>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flex_is_host() {
        assert!(is_host(&Device::flex()));
        assert!(is_host(&Device::flex().autodiff()));
    }

    #[test]
    fn values_come_in_row_major_order() {
        let x = Tensor::<2>::from_data([[1.0, 2.0], [3.0, 4.0]], &Device::flex());
        assert_eq!(values(x.clone()), [1.0, 2.0, 3.0, 4.0]);
        assert_eq!(values_f64(x), [1.0, 2.0, 3.0, 4.0]);
        assert_eq!(scalar(Tensor::<1>::from_data([0.5], &Device::flex())), 0.5);
    }
}
