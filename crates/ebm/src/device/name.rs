//! The names of devices, and the error of opening one.

use std::fmt;
use std::str::FromStr;

/// A backend that a program selects at run time, if its feature was enabled when it was built.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DeviceName {
    /// A GPU if there is one and its backend is compiled in, else the CPU.
    Auto,
    /// The CPU, with Burn's `flex`.
    Cpu,
    /// The CPU, with `burn-ndarray` (deprecated upstream).
    Ndarray,
    /// A GPU, with `burn-wgpu` and WGSL.
    Wgpu,
    /// A GPU, with `burn-wgpu` and SPIR-V.
    Vulkan,
    /// An NVIDIA GPU, with CUDA.
    Cuda,
}

impl DeviceName {
    /// All devices with their names, as in `--device`.
    pub const ALL: [(Self, &'static str); 6] = [
        (Self::Auto, "auto"),
        (Self::Cpu, "cpu"),
        (Self::Ndarray, "ndarray"),
        (Self::Wgpu, "wgpu"),
        (Self::Vulkan, "vulkan"),
        (Self::Cuda, "cuda"),
    ];

    /// Returns the feature of the crate `ebm` that compiles the backend in.
    pub(super) fn feature(self) -> &'static str {
        match self {
            Self::Auto | Self::Cpu => "flex",
            Self::Ndarray => "ndarray",
            Self::Wgpu => "wgpu",
            Self::Vulkan => "vulkan",
            Self::Cuda => "cuda",
        }
    }
}

impl fmt::Display for DeviceName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = Self::ALL.iter().find(|(device, _)| device == self).map_or("", |(_, name)| name);
        f.write_str(name)
    }
}

impl FromStr for DeviceName {
    type Err = DeviceError;

    fn from_str(given: &str) -> Result<Self, DeviceError> {
        Self::ALL
            .iter()
            .find(|(_, name)| *name == given)
            .map(|(device, _)| *device)
            .ok_or_else(|| DeviceError::Unknown { given: given.into() })
    }
}

/// The reason why a device cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DeviceError {
    /// There is no device of this name.
    #[error("there is no device {given:?}; the devices are auto, cpu, ndarray, wgpu, vulkan, cuda")]
    Unknown {
        /// The name.
        given: String,
    },
    /// The backend was not compiled in.
    #[error(
        "the device {device} is not compiled in; build with the feature {feature:?}: \
         cargo build --release --features {feature}"
    )]
    NotCompiledIn {
        /// The requested device.
        device: DeviceName,
        /// The feature that compiles it in.
        feature: &'static str,
    },
    /// The backend is compiled in, but the machine has no such device.
    #[error(
        "no device {device} on this machine: {reason}; use the device cpu, or check that a driver is installed"
    )]
    NotThere {
        /// The requested device.
        device: DeviceName,
        /// The message of the driver.
        reason: String,
    },
}
