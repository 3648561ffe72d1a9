//! The value and the input gradient of a convolutional network with frozen weights on a CPU, as a
//! Markov chain needs them at every step.
//!
//! General automatic differentiation cannot prepare anything, since weights may change between
//! calls. A [`Plan`] is built once per chain: it packs the weights for the machine's registers,
//! transforms them for Winograd's tiles, keeps its buffers, and takes each block of samples through
//! the whole network, forward and back, within the caches of one core. The crate depends on no
//! framework and contains no unsafe code.
//!
//! ```
//! use ebm_score::{Layer, Network, Plan};
//!
//! // f(x) = Σ LeakyReLU(2·x − 1) over images of one channel and 1 × 2 pixels.
//! let layer = Layer::new(1, 1, vec![2.0]).with_bias(vec![-1.0]);
//! let network = Network::new([1, 1, 2], vec![layer], vec![1.0; 2]).with_slope(0.2);
//! let plan = Plan::new(&network)?;
//! let (mut value, mut gradient) = ([0.0], [0.0; 2]);
//! plan.value_and_gradient(&[3.0, 0.0], None, &mut value, &mut gradient);
//! assert_eq!(value, [5.0 - 0.2]);
//! assert_eq!(gradient, [2.0, 0.4]);
//! # Ok::<(), ebm_score::PlanError>(())
//! ```

mod activation;
mod addend;
mod buffer;
mod convolution;
mod direct;
mod error;
mod gemm;
mod geometry;
mod learn;
mod network;
mod plan;
mod stage;
mod winograd;
mod workspace;

pub use addend::Addend;
pub use error::PlanError;
pub use learn::{LayerGradient, WeightGradient};
pub use network::{Layer, Network};
pub use plan::Plan;

#[doc = include_str!("../README.md")]
#[cfg(doctest)]
struct Readme;
