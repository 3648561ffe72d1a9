//! Opens backends by name at run time, with errors where one is not compiled in or has no hardware.

#[cfg(any(feature = "wgpu", feature = "cuda"))]
mod gpu;
mod name;

use burn::tensor::Device;

pub use self::name::{DeviceError, DeviceName};

/// Opens a device by its name.
///
/// # Errors
/// [`DeviceError::NotCompiledIn`] or [`DeviceError::NotThere`].
pub fn open(name: DeviceName) -> Result<Device, DeviceError> {
    match name {
        #[cfg(any(feature = "wgpu", feature = "cuda"))]
        DeviceName::Auto => gpu::first_hardware().map_or_else(|| open(DeviceName::Cpu), Ok),
        #[cfg(not(any(feature = "wgpu", feature = "cuda")))]
        DeviceName::Auto => open(DeviceName::Cpu),
        #[cfg(feature = "flex")]
        DeviceName::Cpu => Ok(Device::flex()),
        #[cfg(feature = "ndarray")]
        #[expect(deprecated, reason = "the user asked for this backend by name")]
        DeviceName::Ndarray => Ok(Device::ndarray()),
        #[cfg(feature = "wgpu")]
        DeviceName::Wgpu => gpu::open_wgpu(),
        #[cfg(feature = "vulkan")]
        DeviceName::Vulkan => gpu::open_vulkan(),
        #[cfg(feature = "cuda")]
        DeviceName::Cuda => gpu::open_cuda(),
        #[allow(unreachable_patterns, reason = "reachable unless every backend is compiled in")]
        device => Err(DeviceError::NotCompiledIn { device, feature: device.feature() }),
    }
}
