//! Samples, and requests for them.

use burn::tensor::Tensor;
use ebm_noise::Key;
use ebm_tensor::Condition;

/// Samples of the current model.
#[derive(Clone, Debug)]
pub struct Samples {
    /// x₀, where the student starts chains: decoder means, noise, states of earlier chains,
    /// `[chains, channels, height, width]`.
    pub start: Tensor<4>,
    /// x_T, after the Langevin steps.
    pub refined: Tensor<4>,
    /// x_τ of the first chains at evenly spaced τ, the first and the last step included.
    pub strip: Vec<Tensor<4>>,
    /// U before each step, `[steps, chains]`; `None` without an energy.
    pub energies: Option<Tensor<2>>,
}

/// A request for samples of the current model.
///
/// Builder methods add what is optional:
///
/// ```
/// # use ebm_teaching::SampleRequest;
/// # use ebm_noise::Key;
/// let request = SampleRequest::new(16, Key::new(1)).steps(30).film_strip(8, 11);
/// ```
#[derive(Clone, Debug)]
pub struct SampleRequest {
    pub(crate) count: usize,
    pub(crate) condition: Option<Condition>,
    pub(crate) steps: Option<usize>,
    pub(crate) key: Key,
    pub(crate) strip_images: usize,
    pub(crate) strip_frames: usize,
}

impl SampleRequest {
    /// Creates a request for `count` samples that are determined by `key`, after as many Langevin
    /// steps as the recipe says (`chains.sampling_steps`).
    pub fn new(count: usize, key: Key) -> Self {
        Self { count, condition: None, steps: None, key, strip_images: 0, strip_frames: 2 }
    }

    /// Sets the conditions of a conditional model, one for each sample.
    #[must_use]
    pub fn given(self, condition: impl Into<Option<Condition>>) -> Self {
        Self { condition: condition.into(), ..self }
    }

    /// Sets the number of Langevin steps.
    #[must_use]
    pub fn steps(self, steps: usize) -> Self {
        Self { steps: Some(steps), ..self }
    }

    /// Asks for a film strip: the first `images` samples at `frames` evenly spaced steps, at least
    /// two.
    #[must_use]
    pub fn film_strip(self, images: usize, frames: usize) -> Self {
        Self { strip_images: images, strip_frames: frames, ..self }
    }
}
