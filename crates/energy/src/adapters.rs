//! Energies made of other energies: terms that are added, temperatures, clips and bridges.

mod bridge;
mod clip;
mod either;
mod reference;
mod tempered;

pub use bridge::Bridge;
pub use clip::GradientClip;
pub use either::Either;
pub use reference::GaussianReference;
pub use tempered::Tempered;
