//! How fast can a score be? The value and the input gradient of a convolutional network whose weights are
//! frozen, as they are along a Markov chain, on a CPU.
//!
//! General automatic differentiation prepares nothing, since weights may change from call to call. A [`Plan`]
//! is made once for a chain: weights are packed for the registers of the machine and transformed for
//! Winograd's tiles, buffers are kept, and each block of samples goes through the whole network, forward and
//! back, in the caches of one core. There is no framework in here and no unsafe code.
//!
//! ```
//! use ebm_score::{Layer, Network, Plan};
//!
//! // f(x) = Σ LeakyReLU(2·x − 1) over images of one channel and 1 × 2 pixels.
//! let layer =
//!     Layer { channels: 1, kernel: 1, stride: 1, padding: [0; 4], weight: vec![2.0], bias: vec![-1.0] };
//! let network =
//!     Network { input: [1, 1, 2], layers: vec![layer], slope: 0.2, head: vec![1.0; 2], head_bias: 0.0 };
//! let plan = Plan::new(&network)?;
//! let (mut value, mut gradient) = ([0.0], [0.0; 2]);
//! plan.value_and_gradient(&[3.0, 0.0], None, &mut value, &mut gradient);
//! assert_eq!(value, [5.0 - 0.2]);
//! assert_eq!(gradient, [2.0, 0.4]);
//! # Ok::<(), ebm_score::PlanError>(())
//! ```

mod addend;
mod buffer;
mod direct;
mod error;
mod gemm;
mod learn;
mod network;
mod plan;
mod tables;
mod winograd;

pub use addend::Addend;
pub use error::PlanError;
pub use learn::WeightGradient;
pub use network::{Layer, Network};
pub use plan::Plan;
