//! The register of key streams: every constant that a key is folded with, grouped by the key it
//! belongs to.
//!
//! Two uses of one key must fold it with different constants. A new stream is added here, next to
//! its siblings, so that a clash is visible. The values are part of the promise of reproducibility:
//! changing one changes the numbers of every run.

/// The streams of a run's key, `Key::new(recipe.seed)`.
pub mod run {
    /// The stream of initial parameters of the energy.
    pub const INITIAL_ENERGY: u64 = 0;
    /// The stream of initial parameters, or initial states, of the student.
    pub const INITIAL_STUDENT: u64 = 1;
    /// The stream of training; folded with the iteration, then with one of
    /// [`iteration`](super::iteration).
    pub const TRAINING: u64 = 2;
    /// The stream of training after a number of returns to an earlier checkpoint:
    /// `AFTER_ROLL_BACK − number`, folded with [`TRAINING`] before and then with the
    /// iteration.
    pub const AFTER_ROLL_BACK: u64 = u64::MAX;
    /// The stream of preview samples for listeners; the same in every evaluation.
    pub const EVALUATION: u64 = 3;
    /// The stream of data and their order; see [`data`](super::data).
    pub const DATA: u64 = 100;
    /// The stream of samples for the comparison with a density in the plane.
    pub const PLANE_SAMPLES: u64 = 101;
    /// The stream of samples that an ablation measures.
    pub const MEASUREMENT: u64 = 102;
    /// The stream of tasks on a trained run, such as sampling and inpainting.
    pub const TASKS: u64 = 103;
}

/// The streams of one training iteration, and of the sampling procedure outside training.
pub mod iteration {
    /// The stream of the initial states of the chains.
    pub const PROPOSAL: u64 = 0;
    /// The stream of Langevin noise.
    pub const LANGEVIN: u64 = 1;
    /// The stream of the random numbers of the student's update.
    pub const UPDATE: u64 = 2;
    /// The stream of noise added to data.
    pub const DATA_NOISE: u64 = 3;
    /// The stream of the directions in which the curvature of the energy is measured.
    pub const CURVATURE: u64 = 4;
    /// The stream of the number of steps of chains whose length is random.
    pub const STEPS: u64 = 5;
    /// The stream of sampling steps without noise, which come after those with noise.
    pub const QUIET: u64 = 6;
}

/// The streams of the data's key. Orders are folded with the epoch, which stays below these.
pub mod data {
    /// The stream of the order of data that are shuffled once: that of epoch 0.
    pub const SINGLE_ORDER: u64 = 0;
    /// The stream of flips and crops.
    pub const AUGMENT: u64 = u64::MAX;
    /// The stream of draws of a density for display. Densities are never augmented, so the value is
    /// free.
    pub const PREVIEW: u64 = u64::MAX;
    /// The stream of conditions, such as the positions of random holes.
    pub const CONDITIONS: u64 = u64::MAX - 1;
}

/// The streams of a draw from a replay buffer.
pub mod buffer {
    /// The stream of the slots from which states are drawn.
    pub const SLOTS: u64 = 0;
    /// The stream of the choice of states that are replaced by noise.
    pub const RESTART: u64 = 1;
    /// The stream of the noise that replaces states.
    pub const NOISE: u64 = 2;
}

/// The streams of codes drawn from a prior. The key itself draws numbers from N(0, I).
pub mod codes {
    /// The stream of the components of a mixture. The value keeps clear of the batches in which
    /// previews are drawn.
    pub const COMPONENTS: u64 = 1 << 40;
}

/// The streams of the inference of codes by Langevin steps.
pub mod inference {
    /// The stream of initial codes.
    pub const START: u64 = 0;
    /// The stream of Langevin noise.
    pub const LANGEVIN: u64 = 1;
}

/// The streams of a chain's key. Transitions are folded with their number, which stays below these.
pub mod chain {
    /// The stream of auxiliary variables of the initial state, such as velocities.
    pub const START: u64 = u64::MAX;

    /// The streams of one transition's key, for kernels that use more than one.
    pub mod transition {
        /// The stream of the proposal: Langevin noise, momenta, the unit that may flip.
        pub const PROPOSAL: u64 = 0;
        /// The stream of acceptance; within a trajectory of NUTS, of directions and of the choice
        /// of a point.
        pub const ACCEPTANCE: u64 = 1;
    }

    /// The streams of one transition's key, for kernels that draw one layer of a bipartite model
    /// after the other.
    pub mod layers {
        /// The stream of hidden units.
        pub const HIDDEN: u64 = 0;
        /// The stream of visible units.
        pub const VISIBLE: u64 = 1;
    }

    /// The streams of a key with which a kernel starts and makes a single transition: of a rung of
    /// parallel tempering, or of one temperature of annealed importance sampling.
    pub mod single {
        /// The stream of auxiliary variables of the initial state.
        pub const START: u64 = 0;
        /// The stream of the transition.
        pub const STEP: u64 = 1;
    }

    /// The stream of exchanges in a transition of parallel tempering. Those between the rungs
    /// `cold` and `cold + 1` use `EXCHANGE - cold`; the rungs are folded with their number, which
    /// stays below.
    pub const EXCHANGE: u64 = u64::MAX;
}

/// The streams of the key of tasks on a trained run. Each task also folds it with its own streams,
/// which stay below these.
pub mod task {
    /// The stream of draws of the density that a task uses as data.
    pub const DRAWS: u64 = 100;
    /// The stream of conditions, such as the positions of random holes.
    pub const CONDITIONS: u64 = 101;
}

/// The streams of the completion of images.
pub mod completion {
    /// The stream of positions of random holes.
    pub const HOLES: u64 = 0;
    /// The stream of completions; folded with the number of the completion.
    pub const COMPLETIONS: u64 = 1;
}

/// The streams of inpainting.
pub mod inpaint {
    /// The stream of dropout of the encoder.
    pub const ENCODER: u64 = 0;
    /// The stream of draws of codes from the encoder's distribution.
    pub const CODES: u64 = 1;
    /// The stream of Langevin steps of codes.
    pub const LATENT: u64 = 2;
    /// The stream of Langevin steps of images; folded with the method.
    pub const LANGEVIN: u64 = 3;
}

/// The streams of interpolation.
pub mod interpolate {
    /// The stream of the codes at which the lines begin.
    pub const FIRST: u64 = 0;
    /// The stream of the codes at which the lines end.
    pub const LAST: u64 = 1;
    /// The stream of Langevin steps.
    pub const LANGEVIN: u64 = 2;
}

/// The streams of reconstruction.
pub mod reconstruct {
    /// The stream of dropout of the encoder.
    pub const ENCODER: u64 = 0;
    /// The stream of draws of codes from the encoder's distribution.
    pub const CODES: u64 = 1;
    /// The stream of Langevin steps.
    pub const LANGEVIN: u64 = 2;
    /// The stream of the estimate of the bits per dimension.
    pub const BITS: u64 = 3;
}

/// The streams of the estimate of log Z.
pub mod log_z {
    /// The stream of draws from the Gaussian at which the chains start.
    pub const START: u64 = 0;
    /// The stream of the chains.
    pub const CHAINS: u64 = 1;
}

/// The streams of the examination of a model. The key is folded with the constants of
/// [`iteration`] as well.
pub mod doctor {
    /// The stream of the examination.
    pub const EXAMINATION: u64 = 0;
}

/// The streams of the comparison of energies.
pub mod score {
    /// The stream of images of uniform noise.
    pub const NOISE: u64 = 0;
}

/// The streams of the evaluation of samples.
pub mod eval {
    /// The stream of samples; folded with the number of the batch.
    pub const SAMPLES: u64 = 0;
    /// The stream of confidence intervals.
    pub const INTERVALS: u64 = 1;
    /// The stream of the order of training images that are measured.
    pub const FLOOR: u64 = 2;
}

/// The streams of the subsets of a kernel distance. The key is folded with the subset, then with
/// the set.
pub mod subsets {
    /// The stream of the first set.
    pub const FIRST: u64 = 0;
    /// The stream of the second set.
    pub const SECOND: u64 = 1;
}

/// The streams of the key of exact draws from a target, for targets that use more than one.
pub mod target {
    /// The stream of the variable that the others are conditioned on: the component of a mixture,
    /// the hidden layer, the radius, the scale.
    pub const FIRST: u64 = 0;
    /// The stream of the other variables.
    pub const SECOND: u64 = 1;
}

/// The streams of the key of a residual energy's initial parameters.
pub mod residual_energy {
    /// The stream of weights.
    pub const WEIGHTS: u64 = 0;
    /// The stream of initial estimates of singular vectors; folded with the number of the weight.
    pub const SINGULAR_VECTORS: u64 = 1;
}

/// The streams of the key of an auto-encoder's loss, and of its bound on the likelihood.
pub mod auto_encoder {
    /// The stream of the encoder's dropout; folded with the number of the layer.
    pub const DROPOUT: u64 = 0;
    /// The stream of latent codes.
    pub const CODES: u64 = 1;
    /// The stream of noise within a level's bin.
    pub const DEQUANTISATION: u64 = 2;
    /// The stream of a student's updates of one iteration after the first; folded with their
    /// number, then with the constants above.
    pub const FURTHER_UPDATES: u64 = 3;
}
