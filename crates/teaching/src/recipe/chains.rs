//! `[chains]`: the Langevin chains that sample the energy.

use ebm_mcmc::Constraint;
use ebm_noise::Key;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The chains that sample the energy.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ChainRecipe {
    /// The number ñ of parallel chains; it may differ from the batch.
    pub count: usize,
    /// The number T of Langevin steps in training.
    pub steps: usize,
    /// The least number of steps of an iteration whose chains have a random length, uniform from
    /// this to `steps`; none for chains of equal length.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub least_steps: Option<usize>,
    /// The step size δ (eq. 2).
    pub step_size: f64,
    /// Whether δ·ε is added. The released code leaves it out.
    pub noise: bool,
    /// The epoch from which noise is left out all the same, as in the conditional sibling of the
    /// released code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub noise_until_epoch: Option<u64>,
    /// The standard deviation σ₁ of the Gaussian reference term (eq. 1); none leaves the term out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference_std: Option<f64>,
    /// The temperature: chains sample exp(−U/temperature). Programs whose step and noise do not
    /// belong together do the same: a drift s·∇U with noise of standard deviation r is δ = r at
    /// temperature r²/(2s).
    #[serde(default = "one")]
    pub temperature: f64,
    /// The limit that each coordinate of ∇U is clipped to, before the temperature; none in the
    /// released code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gradient_clip: Option<f64>,
    /// The walls of the box [−1, 1] for states along the chain. The released code has none, and
    /// clamps preview samples alone.
    #[serde(default)]
    pub walls: Walls,
    /// Whether data with noise may be bounded otherwise than chains, for experiments: an energy
    /// that learns from data where no sample can be grows steeper without end.
    #[serde(default)]
    pub allow_mismatch: bool,
    /// The number T of Langevin steps for preview samples and for samples that are measured.
    pub sampling_steps: usize,
    /// The number of the last of these steps that are made without noise.
    #[serde(default)]
    pub quiet_steps: usize,
    /// Whether those samples end with the posterior mean E[x | x_T] = x_T − σ²·∇U(x_T)/temperature
    /// (Tweedie's formula; Robbins 1956), σ = `data.noise_std`: an energy that learned from data
    /// with noise has samples with noise, and this removes it.
    #[serde(default)]
    pub denoise: bool,
}

impl ChainRecipe {
    /// Returns the number of steps of an iteration; `key` draws it, where it is random.
    pub(crate) fn steps_of(&self, key: Key) -> usize {
        match self.least_steps {
            None => self.steps,
            Some(least) => {
                least + (key.uniform_at(0, 0) * (self.steps - least + 1) as f64) as usize
            }
        }
    }
}

/// What happens at the walls of the box [−1, 1].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Walls {
    /// Nothing: there are none.
    #[default]
    None,
    /// Values beyond a wall are moved onto it.
    Clamp,
    /// Values beyond a wall are mirrored at it.
    Reflect,
}

impl Walls {
    /// Returns the value as recipes write it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Clamp => "clamp",
            Self::Reflect => "reflect",
        }
    }

    /// Returns the constraint of a kernel, if there are walls.
    pub(crate) fn constraint(self) -> Option<Constraint<4>> {
        match self {
            Self::None => None,
            Self::Clamp => Some(Constraint::Box { limit: 1.0 }),
            Self::Reflect => Some(Constraint::Reflection { limit: 1.0 }),
        }
    }
}

fn one() -> f64 {
    1.0
}
