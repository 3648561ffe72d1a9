//! The register of key streams: every constant that a key is folded with, grouped by the key it
//! belongs to.
//!
//! Two uses of one key must fold it with different constants. A new stream is added here, next to
//! its siblings, so that a clash is visible. The values are part of the promise of reproducibility:
//! changing one changes the numbers of every run.

/// Streams of a run's key, `Key::new(recipe.seed)`.
pub mod run {
    /// Initial parameters of the energy.
    pub const INITIAL_ENERGY: u64 = 0;
    /// Initial parameters, or initial states, of the student.
    pub const INITIAL_STUDENT: u64 = 1;
    /// Training; folded with the iteration, then with one of [`iteration`](super::iteration).
    pub const TRAINING: u64 = 2;
    /// Preview samples for listeners; the same in every evaluation.
    pub const EVALUATION: u64 = 3;
    /// Data and their order; see [`data`](super::data).
    pub const DATA: u64 = 100;
    /// Samples for the comparison with a density in the plane.
    pub const PLANE_SAMPLES: u64 = 101;
    /// Samples that an ablation measures.
    pub const MEASUREMENT: u64 = 102;
    /// Tasks on a trained run, such as sampling and inpainting.
    pub const TASKS: u64 = 103;
}

/// Streams of one training iteration, and of the sampling procedure outside training.
pub mod iteration {
    /// The initial states of the chains.
    pub const PROPOSAL: u64 = 0;
    /// Langevin noise.
    pub const LANGEVIN: u64 = 1;
    /// The random numbers of the student's update.
    pub const UPDATE: u64 = 2;
    /// Noise added to data.
    pub const DATA_NOISE: u64 = 3;
}

/// Streams of the data's key. Orders are folded with the epoch, which stays below these.
pub mod data {
    /// The order of data that are shuffled once: that of epoch 0.
    pub const SINGLE_ORDER: u64 = 0;
    /// Flips and crops.
    pub const AUGMENT: u64 = u64::MAX;
    /// Draws of a density for display. Densities are never augmented, so the value is free.
    pub const PREVIEW: u64 = u64::MAX;
    /// Conditions, such as the positions of random holes.
    pub const CONDITIONS: u64 = u64::MAX - 1;
}

/// Streams of a draw from a replay buffer.
pub mod buffer {
    /// The slots from which states are drawn.
    pub const SLOTS: u64 = 0;
    /// The choice of states that are replaced by noise.
    pub const RESTART: u64 = 1;
    /// That noise.
    pub const NOISE: u64 = 2;
}

/// Streams of the inference of codes by Langevin steps.
pub mod inference {
    /// Initial codes.
    pub const START: u64 = 0;
    /// Langevin noise.
    pub const LANGEVIN: u64 = 1;
}

/// Streams of a chain's key. Transitions are folded with their number, which stays below these.
pub mod chain {
    /// Auxiliary variables of the initial state, such as velocities.
    pub const START: u64 = u64::MAX;

    /// Streams of one transition's key, for kernels that use more than one.
    pub mod transition {
        /// The proposal: Langevin noise, momenta, the unit that may flip.
        pub const PROPOSAL: u64 = 0;
        /// Acceptance; within a trajectory of NUTS, directions and the choice of a point.
        pub const ACCEPTANCE: u64 = 1;
    }

    /// Streams of one transition's key, for kernels that draw one layer of a bipartite model after
    /// the other.
    pub mod layers {
        /// Hidden units.
        pub const HIDDEN: u64 = 0;
        /// Visible units.
        pub const VISIBLE: u64 = 1;
    }

    /// Streams of a key with which a kernel starts and makes a single transition: of a rung of
    /// parallel tempering, or of one temperature of annealed importance sampling.
    pub mod single {
        /// Auxiliary variables of the initial state.
        pub const START: u64 = 0;
        /// The transition.
        pub const STEP: u64 = 1;
    }

    /// Exchanges in a transition of parallel tempering. Those between the rungs `cold` and
    /// `cold + 1` use `EXCHANGE - cold`; the rungs are folded with their number, which stays below.
    pub const EXCHANGE: u64 = u64::MAX;
}

/// Streams of the key of tasks on a trained run. Each task also folds it with its own streams,
/// which stay below these.
pub mod task {
    /// Draws of the density that a task uses as data.
    pub const DRAWS: u64 = 100;
    /// Conditions, such as the positions of random holes.
    pub const CONDITIONS: u64 = 101;
}

/// Streams of the completion of images.
pub mod completion {
    /// Positions of random holes.
    pub const HOLES: u64 = 0;
    /// Completions; folded with the number of the completion.
    pub const COMPLETIONS: u64 = 1;
}

/// Streams of inpainting.
pub mod inpaint {
    /// Dropout of the encoder.
    pub const ENCODER: u64 = 0;
    /// Draws of codes from the encoder's distribution.
    pub const CODES: u64 = 1;
    /// Langevin steps of codes.
    pub const LATENT: u64 = 2;
    /// Langevin steps of images; folded with the method.
    pub const LANGEVIN: u64 = 3;
}

/// Streams of interpolation.
pub mod interpolate {
    /// The codes at which the lines begin.
    pub const FIRST: u64 = 0;
    /// The codes at which the lines end.
    pub const LAST: u64 = 1;
    /// Langevin steps.
    pub const LANGEVIN: u64 = 2;
}

/// Streams of reconstruction.
pub mod reconstruct {
    /// Dropout of the encoder.
    pub const ENCODER: u64 = 0;
    /// Draws of codes from the encoder's distribution.
    pub const CODES: u64 = 1;
    /// Langevin steps.
    pub const LANGEVIN: u64 = 2;
    /// The estimate of the bits per dimension.
    pub const BITS: u64 = 3;
}

/// Streams of the estimate of log Z.
pub mod log_z {
    /// Draws from the Gaussian at which the chains start.
    pub const START: u64 = 0;
    /// The chains.
    pub const CHAINS: u64 = 1;
}

/// Streams of the comparison of energies.
pub mod score {
    /// Images of uniform noise.
    pub const NOISE: u64 = 0;
}

/// Streams of the evaluation of samples.
pub mod eval {
    /// Samples; folded with the number of the batch.
    pub const SAMPLES: u64 = 0;
    /// Confidence intervals.
    pub const INTERVALS: u64 = 1;
}

/// Streams of the subsets of a kernel distance. The key is folded with the subset, then with the
/// set.
pub mod subsets {
    /// The first set.
    pub const FIRST: u64 = 0;
    /// The second set.
    pub const SECOND: u64 = 1;
}

/// Streams of the key of exact draws from a target, for targets that use more than one.
pub mod target {
    /// The variable that the others are conditioned on: the component of a mixture, the hidden
    /// layer,
    /// the radius, the scale.
    pub const FIRST: u64 = 0;
    /// The other variables.
    pub const SECOND: u64 = 1;
}

/// Streams of the key of a residual energy's initial parameters.
pub mod residual_energy {
    /// Weights.
    pub const WEIGHTS: u64 = 0;
    /// Initial estimates of singular vectors; folded with the number of the weight.
    pub const SINGULAR_VECTORS: u64 = 1;
}

/// Streams of the key of an auto-encoder's loss, and of its bound on the likelihood.
pub mod auto_encoder {
    /// The encoder's dropout; folded with the number of the layer.
    pub const DROPOUT: u64 = 0;
    /// Latent codes.
    pub const CODES: u64 = 1;
    /// Noise within a level's bin.
    pub const DEQUANTISATION: u64 = 2;
}
