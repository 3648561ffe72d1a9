//! Types that all crates of the workspace share: the shape of an image, the condition of a
//! conditional model, a batch of images with their conditions, and the values of tensors on the
//! host.
//!
//! ```
//! use burn::tensor::{Device, Tensor};
//! use ebm_tensor::{Condition, Examples, ImageShape};
//!
//! let device = Device::flex();
//! let shape = ImageShape::new(1, 28);
//! let images = Tensor::zeros(shape.batch(3), &device);
//! let digits = Condition::one_hot(&[7, 2, 1], 10, &device);
//! let examples = Examples::new(images, Some(digits));
//! assert_eq!(examples.narrow(1, 2).len(), 2);
//! ```

mod condition;
mod examples;
mod image;
mod values;

pub use condition::{Condition, ConditionShape};
pub use examples::Examples;
pub use image::ImageShape;
pub use values::{is_host, scalar, values, values_f64};

#[doc = include_str!("../README.md")]
#[cfg(doctest)]
struct Readme;
