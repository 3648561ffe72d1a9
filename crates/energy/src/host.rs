//! Where tensors live.

use burn::tensor::Device;

/// Whether a device's tensors lie in the memory of the processor that runs this program, so that reading and
/// making them costs a copy at most.
pub fn is_host(device: &Device) -> bool {
    // Burn's enum of devices has a variant only if some crate of the build switched its backend on, which a
    // library cannot know: the name is all that is there in every build.
    let name = format!("{:?}", device.clone().without_autodiff());
    ["Device<Flex(", "Device<NdArray("].iter().any(|host| name.starts_with(host))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flex_is_host() {
        assert!(is_host(&Device::flex()));
        assert!(is_host(&Device::flex().autodiff()));
    }
}
