//! GPUs, which are opened once for the process, with failures of the driver as errors.

use burn::tensor::Device;

use super::name::{DeviceError, DeviceName};

/// Turns the panics by which Burn reports some missing drivers into errors.
fn guarded<T>(
    device: DeviceName,
    open: impl FnOnce() -> Result<T, String> + std::panic::UnwindSafe,
) -> Result<T, DeviceError> {
    let hook = std::panic::take_hook();
    std::panic::set_hook(Box::new(|_| {}));
    let outcome = std::panic::catch_unwind(open);
    std::panic::set_hook(hook);
    outcome
        .unwrap_or_else(|panic| {
            let text = panic.downcast_ref::<String>().cloned();
            let text = text.or_else(|| panic.downcast_ref::<&str>().map(ToString::to_string));
            Err(text.unwrap_or_else(|| "the driver failed".into()))
        })
        .map_err(|reason| DeviceError::NotThere { device, reason })
}

#[cfg(feature = "wgpu")]
mod wgpu {
    use std::sync::OnceLock;

    use burn::tensor::wgpu::WgpuBackend;
    use burn::tensor::wgpu::wgpu::DeviceType;

    use super::*;

    /// A device, and whether it is hardware instead of a driver that computes on the CPU.
    type Opened = Result<(Device, bool), DeviceError>;

    fn init(name: DeviceName, api: WgpuBackend) -> Opened {
        guarded(name, move || {
            let (device, setup) = Device::wgpu_options()
                .graphics_api(api)
                .init_with_setup()
                .map_err(|error| error.to_string())?;
            Ok((device, setup.adapter.get_info().device_type != DeviceType::Cpu))
        })
    }

    /// Opens the device once: the runtime of an API can be initialised once for the process.
    pub(super) fn open_wgpu() -> Opened {
        static OPENED: OnceLock<Opened> = OnceLock::new();
        OPENED.get_or_init(|| init(DeviceName::Wgpu, WgpuBackend::Auto)).clone()
    }

    #[cfg(feature = "vulkan")]
    pub(super) fn open_vulkan() -> Opened {
        static OPENED: OnceLock<Opened> = OnceLock::new();
        OPENED.get_or_init(|| init(DeviceName::Vulkan, WgpuBackend::Vulkan)).clone()
    }
}

#[cfg(feature = "wgpu")]
pub(super) fn open_wgpu() -> Result<Device, DeviceError> {
    wgpu::open_wgpu().map(|(device, _)| device)
}

#[cfg(feature = "vulkan")]
pub(super) fn open_vulkan() -> Result<Device, DeviceError> {
    wgpu::open_vulkan().map(|(device, _)| device)
}

#[cfg(feature = "cuda")]
pub(super) fn open_cuda() -> Result<Device, DeviceError> {
    guarded(DeviceName::Cuda, || {
        let device = Device::cuda(burn::tensor::DeviceIndex::Default);
        device.sync().map_err(|error| error.to_string())?;
        Ok(device)
    })
}

/// Returns the GPU that `auto` prefers to the CPU.
pub(super) fn first_hardware() -> Option<Device> {
    #[cfg(feature = "cuda")]
    if let Ok(device) = open_cuda() {
        return Some(device);
    }
    #[cfg(feature = "wgpu")]
    if let Ok((device, true)) = wgpu::open_wgpu() {
        return Some(device);
    }
    None
}
