//! Algorithm 1 of variational MCMC teaching and of its baselines.

use std::path::{Path, PathBuf};

use burn::optim::ModuleOptimizer;
use burn::tensor::{Device, Tensor};
use ebm_energy::{Energy, prepare};
use ebm_mcmc::{ChainError, Constrained, Constraint, Health, Held, Langevin, Watched, run};
use ebm_networks::{Contrast, Ema, EnergyNetwork, FrozenEnergy, FrozenNetwork, Learning, Terms};
use ebm_noise::Key;
use ebm_noise::streams::{iteration as stream, run as run_stream};
use ebm_tensor::{Condition, Examples, ImageShape, is_host, values_f64};
use ebm_vae::Vae;
use tracing::instrument;

use crate::batch::Batch;
use crate::control::Control;
use crate::guard::{Alarm, Guard};
use crate::model::Model;
use crate::parallel::side_by_side;
use crate::part::Part;
use crate::recipe::Recipe;
use crate::registry::{StudentRegistry, StudentSetup};
use crate::samples::{SampleRequest, Samples};
use crate::student::{InitialStates, StartRequest, Student, StudentLoss, Update};
use crate::{StepMetrics, TeachingError};

/// An energy and a student in training, with their optimisers and the count of iterations.
pub struct Trainer {
    pub(crate) recipe: Recipe,
    pub(crate) energy: EnergyNetwork,
    /// The average of the energy's weights, if the recipe asks for one.
    pub(crate) average: Option<Ema<EnergyNetwork>>,
    pub(crate) energy_adam: ModuleOptimizer,
    pub(crate) student: Box<dyn Student>,
    /// The kinds that the student was chosen from.
    pub(crate) students: StudentRegistry,
    pub(crate) iteration: u64,
    /// The epoch of the last iteration.
    pub(crate) epoch: u64,
    pub(crate) guard: Guard,
    pub(crate) control: Control,
    /// The alarm that the last iteration raised.
    alarm: Option<Alarm>,
    /// The checkpoint that this trainer was read from.
    pub(crate) origin: Option<PathBuf>,
    pub(crate) image: ImageShape,
    /// The device of the chains, without autodiff.
    device: Device,
}

impl Trainer {
    /// Starts a run of a recipe on images of this shape.
    ///
    /// # Errors
    /// [`TeachingError::Recipe`], if the networks do not fit the images.
    pub fn new(recipe: Recipe, image: ImageShape, device: &Device) -> Result<Self, TeachingError> {
        Self::with_students(recipe, image, device, &StudentRegistry::default())
    }

    /// Creates a trainer like [`new`](Self::new), for a recipe whose student is one of `students`.
    ///
    /// # Errors
    /// The errors of [`new`](Self::new), or [`TeachingError::Recipe`] for a student that is not one
    /// of `students`.
    pub fn with_students(
        recipe: Recipe,
        image: ImageShape,
        device: &Device,
        students: &StudentRegistry,
    ) -> Result<Self, TeachingError> {
        recipe.validate()?;
        let device = device.clone().without_autodiff();
        let key = Key::new(recipe.seed);
        let condition = recipe.condition_shape(image);
        let energy_key = key.fold(run_stream::INITIAL_ENERGY);
        let training = device.clone().autodiff();
        let energy = recipe.energy.init(image, condition, energy_key, &training);
        let energy = energy.map_err(|error| error.within("energy"))?;
        let student_key = key.fold(run_stream::INITIAL_STUDENT);
        let setup =
            StudentSetup { recipe: recipe.parts(), image, key: student_key, device: &device };
        let student = recipe.student.with_settings(students, |settings| {
            settings.validate(&setup.recipe)?;
            settings.build(&setup)
        })?;
        let ema_decay = recipe.optimiser.ema_decay;
        Ok(Self {
            average: ema_decay.map(|decay| Ema::new(decay, &energy)).transpose()?,
            energy,
            energy_adam: recipe.optimiser.energy_adam().init(),
            student,
            students: students.clone(),
            iteration: 0,
            epoch: 0,
            guard: Guard::default(),
            control: Control::default(),
            alarm: None,
            origin: None,
            image,
            device,
            recipe,
        })
    }

    /// Makes one iteration of Algorithm 1 on a batch of data; its epoch sets the learning rates.
    /// Students differ in where their chains start and in what they learn from where these end, and
    /// in nothing else. A conditional model is given each image's condition everywhere, and each
    /// has its own chain.
    ///
    /// # Errors
    /// [`TeachingError::Chain`] or [`TeachingError::NotFinite`], before the update that it would
    /// corrupt; [`TeachingError::Shape`] or [`TeachingError::Condition`] for a batch that does not
    /// fit.
    pub fn step(&mut self, batch: Batch) -> Result<StepMetrics, TeachingError> {
        let Batch { examples, epoch } = batch;
        self.check(&examples)?;
        self.epoch = epoch;
        let key = self.training_key().fold(self.iteration);
        let held = self.held(examples.condition.as_ref());
        let data = self.with_noise(examples, held.as_ref(), key.fold(stream::DATA_NOISE));

        // G1: the student starts the chains; in the paper at decoder means of fresh z ~ N(0, I).
        let count = self.recipe.chains.count;
        let initial = self.initial_states(&data, count, key.fold(stream::PROPOSAL));
        let start = paste(held.as_ref(), initial.states.clone());
        // D1: Langevin refines, with θ frozen; no gradient passes through the chain.
        let theta = self.has_energy().then(|| self.energy.frozen());
        let model = theta.as_ref().map(|theta| self.model_of(theta, data.condition.clone()));
        let steps = self.training_steps(key);
        let ChainEnd { samples, health, .. } =
            self.chains(model, start.clone(), held, steps, |_, _| {})?;
        // Neither gradient depends on the other, so they are computed in parallel; no model has
        // changed yet, so that an update with a loss that is not finite is never made.
        let refined = Examples::new(samples.clone(), data.condition.clone());
        let curvatures = theta.as_ref().and_then(|theta| {
            self.curvatures(theta, health, [&data, &refined], key.fold(stream::CURVATURE))
        });
        let contrast = Contrast { samples: samples.clone(), data };
        let (learning, update) = side_by_side(
            is_host(&self.device),
            || theta.map(|theta| self.energy_learning(&theta, contrast.clone())).transpose(),
            || self.student_update(initial, contrast.clone(), key.fold(stream::UPDATE)),
        );
        let (learning, update) = (learning?, update?);
        let metrics = self.metrics(learning.as_ref(), update.loss(), samples - start);
        let metrics = metrics.with_health(health, curvatures);
        // D2: the energy learns from data against samples.
        let decay = self.recipe.decay_at(self.iteration, epoch);
        self.apply_to_energy(learning, decay);
        // G2: the student learns from the samples alone; the paper's infers z again, by q(z|x̃).
        self.apply_to_student(update, decay);

        self.iteration += 1;
        self.alarm = self.guard.observe(&metrics, &self.recipe.guard);
        self.control.observe(&metrics, self.recipe.optimiser.control.as_ref());
        Ok(metrics)
    }

    /// Draws samples of the current model by ancestral Langevin sampling: x₀ from the student (in
    /// the paper z ~ N(0, I), x₀ = g_φ(z)), then Langevin steps. A student of data starts from
    /// uniform noise here. A conditional model needs one condition for each sample.
    ///
    /// # Errors
    /// [`TeachingError::Chain`], [`TeachingError::Condition`].
    pub fn sample(&self, request: SampleRequest) -> Result<Samples, TeachingError> {
        let SampleRequest { count, condition, steps, key, strip_images, strip_frames } = request;
        let steps = steps.unwrap_or(self.recipe.chains.sampling_steps);
        self.check_condition(condition.as_ref(), count)?;
        let start =
            self.student.preview_states(count, condition.as_ref(), key.fold(stream::PROPOSAL));
        let held = self.held(condition.as_ref());
        let start = paste(held.as_ref(), start);
        let mut strip = Vec::with_capacity(strip_frames);
        let keep = |step: usize, state: &Tensor<4>| {
            // The frame's number rises as often as `strip_frames − 1` intervals are filled.
            if strip_images > 0 && step * (strip_frames.max(2) - 1) >= strip.len() * steps {
                strip.push(state.clone().narrow(0, 0, strip_images.min(count)));
            }
        };
        let (model, langevin) = (self.preview_model(condition), key.fold(stream::LANGEVIN));
        let (refined, energies) =
            self.refined(model, start.clone(), held, steps, langevin, keep)?;
        if let Some(last) = strip.last_mut() {
            *last = refined.clone().narrow(0, 0, strip_images.min(count));
        }
        Ok(Samples { start, refined, strip, energies })
    }

    /// Runs `steps` Langevin steps of the [model](Self::model) from given states, as in training.
    /// Returns the last states, or their posterior means with
    /// [`denoise`](crate::ChainRecipe::denoise), `[chains, channels, height, width]`, and U before
    /// each step, `[steps, chains]`.
    ///
    /// `observe` receives each state, the initial one included, as `(step, state)`. A run without
    /// an energy returns the initial states. Where the recipe [holds](crate::HiddenCondition::hold)
    /// observed pixels, they come from the condition, whatever the initial states have there.
    ///
    /// # Errors
    /// [`TeachingError::Chain`], [`TeachingError::Shape`], [`TeachingError::Condition`].
    pub fn refine(
        &self,
        start: impl Into<Examples>,
        steps: usize,
        key: Key,
        observe: impl FnMut(usize, &Tensor<4>),
    ) -> Result<(Tensor<4>, Option<Tensor<2>>), TeachingError> {
        let start = start.into();
        self.check(&start)?;
        let Examples { images: start, condition } = start;
        let held = self.held(condition.as_ref());
        let start = paste(held.as_ref(), start);
        self.refined(self.preview_model(condition), start, held, steps, key, observe)
    }

    /// Runs the chains of [`refine`](Self::refine).
    fn refined(
        &self,
        model: Option<Model<FrozenEnergy>>,
        start: Tensor<4>,
        held: Option<Held<4>>,
        steps: usize,
        key: Key,
        mut observe: impl FnMut(usize, &Tensor<4>),
    ) -> Result<(Tensor<4>, Option<Tensor<2>>), TeachingError> {
        let quiet = self.recipe.chains.quiet_steps.min(steps);
        let loud = steps - quiet;
        let parts = [
            Steps { count: loud, noise: self.recipe.noise_at(self.epoch), key },
            Steps { count: quiet, noise: false, key: key.fold(stream::QUIET) },
        ];
        let (mut state, mut energies) = (start, Vec::new());
        for (first, part) in
            [0, loud].into_iter().zip(parts).filter(|(_, part)| part.count > 0 || steps == 0)
        {
            let observe = |step: usize, state: &Tensor<4>| {
                // The state between both parts is the end of one and the start of the other.
                if step > 0 || first == 0 {
                    observe(first + step, state);
                }
            };
            let end = self.chains(model.clone(), state, held.clone(), part, observe)?;
            state = end.samples;
            energies.extend(end.energies);
        }
        let energies = (!energies.is_empty()).then(|| Tensor::cat(energies, 0));
        Ok((self.denoised(model, state, held), energies))
    }

    /// Returns the posterior means of samples, if the recipe asks for them: x − σ²·∇U(x)
    /// with U of the chains, σ² the variance of the noise of data.
    fn denoised(
        &self,
        model: Option<Model<FrozenEnergy>>,
        samples: Tensor<4>,
        held: Option<Held<4>>,
    ) -> Tensor<4> {
        match model.filter(|_| self.recipe.chains.denoise) {
            None => samples,
            Some(model) => {
                let variance = self.recipe.data_noise_at(self.iteration).powi(2);
                let (_, gradient) = prepare(&model).energy_and_gradient(samples.clone());
                paste(held.as_ref(), samples - gradient * variance)
            }
        }
    }

    /// Returns the energy that preview samples come from: with an average of the weights, that one.
    /// A conditional model is that of x given `condition`, in batches of as many as there are.
    ///
    /// # Errors
    /// [`TeachingError::Missing`] for a student without an energy.
    pub fn model(
        &self,
        condition: Option<Condition>,
    ) -> Result<Model<FrozenEnergy>, TeachingError> {
        self.preview_model(condition).ok_or_else(|| self.missing(Part::Energy))
    }

    fn preview_model(&self, condition: Option<Condition>) -> Option<Model<FrozenEnergy>> {
        let network = self.average.as_ref().map_or(&self.energy, Ema::model);
        self.has_energy().then(|| self.model_of(&network.frozen(), condition))
    }

    pub(crate) fn missing(&self, part: Part) -> TeachingError {
        let (student, having) = (self.recipe.student.kind().into(), self.students.having(part));
        TeachingError::Missing { part, student, having }
    }

    /// Returns the recipe.
    pub fn recipe(&self) -> &Recipe {
        &self.recipe
    }

    /// Returns the number of iterations made so far.
    pub fn iteration(&self) -> u64 {
        self.iteration
    }

    /// Returns the alarm that the last iteration raised: a metric that left the limits of the
    /// recipe's `[guard]`. [`train`](crate::train) acts on it as the policy says.
    pub fn alarm(&self) -> Option<Alarm> {
        self.alarm
    }

    /// Returns the learning rate of the energy without its decay: that of the recipe, lowered by
    /// roll-backs and by the control of the curvature.
    pub fn energy_learning_rate(&self) -> f64 {
        let Recipe { guard, optimiser, .. } = &self.recipe;
        let after_roll_backs = guard.rate_factor.powi(self.guard.roll_backs as i32);
        optimiser.energy_learning_rate * after_roll_backs * self.control.rate_factor
    }

    /// Returns to a checkpoint of this run, or to its start, for another try: with a lower learning
    /// rate of the energy, and other random numbers.
    ///
    /// # Errors
    /// Those of [`load`](Self::load).
    pub(crate) fn roll_back(&mut self, checkpoint: Option<&Path>) -> Result<(), TeachingError> {
        let earlier = match checkpoint {
            Some(path) => Self::load_with(path, &self.device, &self.students)?,
            None => {
                let recipe = self.recipe.clone();
                Self::with_students(recipe, self.image, &self.device, &self.students)?
            }
        };
        let guard = earlier.guard.clone().rolled_back(self.guard.roll_backs + 1);
        // A resumed run may have other settings than the checkpoint.
        let (recipe, origin) = (self.recipe.clone(), self.origin.take());
        *self = Self { recipe, origin, guard, ..earlier };
        Ok(())
    }

    /// Returns the number of returns to an earlier checkpoint.
    pub fn roll_backs(&self) -> u32 {
        self.guard.roll_backs
    }

    /// Returns the network of the energy, as it is being trained.
    pub fn energy(&self) -> &EnergyNetwork {
        &self.energy
    }

    /// Returns the auto-encoder in training, if the student has one. A generator's encoder is never
    /// trained.
    pub fn vae(&self) -> Option<&Vae> {
        self.student.vae()
    }

    /// Returns whether an energy learns beside the student.
    pub fn has_energy(&self) -> bool {
        self.students.having(Part::Energy).contains(&self.recipe.student.kind())
    }

    /// Returns the device that chains run on, without autodiff.
    pub fn device(&self) -> &Device {
        &self.device
    }

    /// Returns the shape of the images.
    pub fn image(&self) -> ImageShape {
        self.image
    }

    /// Returns the observed pixels that chains hold.
    pub(crate) fn held(&self, condition: Option<&Condition>) -> Option<Held<4>> {
        self.recipe.condition.as_ref().zip(condition).and_then(|(recipe, c)| recipe.held(c))
    }

    /// Adds noise to the data, except to observed pixels that chains hold.
    pub(crate) fn with_noise(&self, data: Examples, held: Option<&Held<4>>, key: Key) -> Examples {
        match self.recipe.data_noise_at(self.iteration) {
            0.0 => data,
            std => {
                let Examples { images, condition } = data;
                let noise = key.normal(images.dims(), &self.device) * std;
                let images = match self.recipe.data.walls.constraint() {
                    Some(walls) => walls.project(images + noise),
                    None => images + noise,
                };
                Examples { images: paste(held, images), condition }
            }
        }
    }

    #[instrument(level = "debug", skip_all, name = "refine")]
    pub(crate) fn chains(
        &self,
        model: Option<Model<FrozenEnergy>>,
        start: Tensor<4>,
        held: Option<Held<4>>,
        steps: Steps,
        observe: impl FnMut(usize, &Tensor<4>),
    ) -> Result<ChainEnd, TeachingError> {
        let Some(model) = model else {
            return Ok(ChainEnd { samples: start, energies: None, health: None });
        };
        let chains = &self.recipe.chains;
        let Steps { count, noise, key } = steps;
        let langevin = Langevin::new(chains.step_size).with_noise(noise);
        let held = held.map(Constraint::Held);
        let walls = chains.walls.constraint();
        let kernel = Constrained::new(langevin, held.into_iter().chain(walls));
        let watched = Watched::new(&model, langevin);
        let chains = run(&kernel, &watched, start, count, key, observe)
            .map_err(|source| self.chain_error(source))?;
        let energies = Some(chains.energies);
        Ok(ChainEnd { samples: chains.state, energies, health: watched.health() })
    }

    /// Returns the steps of the chains of an iteration with this key.
    pub(crate) fn training_steps(&self, key: Key) -> Steps {
        Steps {
            count: self.recipe.chains.steps_of(key.fold(stream::STEPS)),
            noise: self.recipe.noise_at(self.epoch),
            key: key.fold(stream::LANGEVIN),
        }
    }

    /// Returns the key of training, whose random numbers differ after each roll-back.
    fn training_key(&self) -> Key {
        let key = Key::new(self.recipe.seed).fold(run_stream::TRAINING);
        match u64::from(self.guard.roll_backs) {
            0 => key,
            number => key.fold(run_stream::AFTER_ROLL_BACK - number),
        }
    }

    pub(crate) fn model_of(
        &self,
        theta: &FrozenNetwork<'_>,
        condition: Option<Condition>,
    ) -> Model<FrozenEnergy> {
        Model::new(theta.given(condition), &self.recipe.chains)
    }

    #[instrument(level = "debug", skip_all)]
    fn energy_learning(
        &self,
        theta: &FrozenNetwork<'_>,
        contrast: Contrast,
    ) -> Result<Learning, TeachingError> {
        let optimiser = &self.recipe.optimiser;
        let terms = Terms {
            regulariser: optimiser.energy_regulariser,
            condition_weight: optimiser.condition_weight,
        };
        let learning = theta.learning(contrast, terms);
        self.finite("energy", learning.f_samples - learning.f_data)?;
        self.finite("condition", learning.condition_loss.unwrap_or_default())?;
        Ok(learning)
    }

    #[instrument(level = "debug", skip_all)]
    pub(crate) fn initial_states(&self, data: &Examples, count: usize, key: Key) -> InitialStates {
        let condition = data.condition.as_ref();
        self.student.initial_states(StartRequest { count, data: &data.images, condition, key })
    }

    #[instrument(level = "debug", skip_all)]
    fn student_update(
        &self,
        initial: InitialStates,
        contrast: Contrast,
        key: Key,
    ) -> Result<Update, TeachingError> {
        let update = self.student.update(initial, contrast, key);
        let update = update.map_err(|source| self.chain_error(source))?;
        if let Some(loss) = update.loss() {
            self.finite("VAE", loss.total)?;
        }
        Ok(update)
    }

    #[instrument(level = "debug", skip_all)]
    fn apply_to_energy(&mut self, learning: Option<Learning>, decay: f64) {
        if let Some(Learning { gradients, .. }) = learning {
            let rate = self.energy_learning_rate() * decay;
            let weight_decay =
                self.recipe.optimiser.energy_weight_decay + self.control.weight_decay;
            let energy = self.energy.clone().descend(&mut self.energy_adam, rate, gradients);
            let energy = energy.decay(rate * weight_decay);
            self.energy = match self.recipe.optimiser.spectral_limit {
                Some(limit) => energy.limit_singular_values(limit),
                None => energy,
            };
            if let Some(average) = &mut self.average {
                average.update(&self.energy);
            }
        }
    }

    #[instrument(level = "debug", skip_all)]
    fn apply_to_student(&mut self, update: Update, decay: f64) {
        self.student.apply(update, self.recipe.optimiser.vae_learning_rate * decay);
    }

    fn metrics(
        &self,
        learning: Option<&Learning>,
        loss: Option<&StudentLoss>,
        moved: Tensor<4>,
    ) -> StepMetrics {
        let [displacement, displacement_squared] = displacement(moved);
        let control = self.recipe.optimiser.control.as_ref();
        StepMetrics {
            iteration: self.iteration,
            epoch: self.epoch,
            f_data: learning.map(|learning| learning.f_data),
            f_samples: learning.map(|learning| learning.f_samples),
            energy_loss: learning.map(|learning| learning.f_samples - learning.f_data),
            condition_loss: learning.and_then(|learning| learning.condition_loss),
            reconstruction: loss.and_then(|loss| loss.reconstruction),
            kl: loss.and_then(|loss| loss.kl),
            vae_loss: loss.map(|loss| loss.total),
            displacement,
            displacement_squared,
            roll_backs: self.guard.roll_backs,
            energy_rate: control.map(|_| self.energy_learning_rate()),
            energy_weight_decay: control.map(|_| self.control.weight_decay),
            ..StepMetrics::default()
        }
    }

    pub(crate) fn check(&self, examples: &Examples) -> Result<(), TeachingError> {
        let (given, expected) = (examples.images.dims(), self.image);
        if given[0] == 0 || given != expected.batch(given[0]) {
            return Err(TeachingError::Shape { given, expected });
        }
        self.check_condition(examples.condition.as_ref(), given[0])
    }

    /// Checks that there are `count` conditions of the recipe's shape, or none where it has none.
    pub(crate) fn check_condition(
        &self,
        condition: Option<&Condition>,
        count: usize,
    ) -> Result<(), TeachingError> {
        let expected = self.recipe.condition_shape(self.image).map(|shape| (count, shape));
        let given = condition.map(|condition| (condition.len(), condition.shape()));
        let square = match condition {
            Some(Condition::Image(images)) => images.dims()[2] == images.dims()[3],
            Some(Condition::Class(_)) | None => true,
        };
        match square && given == expected {
            true => Ok(()),
            false => Err(TeachingError::Condition { given, expected }),
        }
    }

    fn finite(&self, loss: &'static str, value: f64) -> Result<(), TeachingError> {
        if value.is_finite() {
            Ok(())
        } else {
            Err(TeachingError::NotFinite { iteration: self.iteration, loss, value })
        }
    }

    pub(crate) fn chain_error(&self, source: ChainError) -> TeachingError {
        TeachingError::Chain { iteration: self.iteration, source }
    }
}

impl std::fmt::Debug for Trainer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Trainer")
            .field("recipe", &self.recipe)
            .field("iteration", &self.iteration)
            .finish_non_exhaustive()
    }
}

/// The Langevin steps of chains.
#[derive(Clone, Copy)]
pub(crate) struct Steps {
    count: usize,
    noise: bool,
    key: Key,
}

/// The end of chains; energies and health are `None` without an energy.
pub(crate) struct ChainEnd {
    pub(crate) samples: Tensor<4>,
    energies: Option<Tensor<2>>,
    pub(crate) health: Option<Health>,
}

/// Puts the held pixels, if there are any, into `x`.
pub(crate) fn paste(held: Option<&Held<4>>, x: Tensor<4>) -> Tensor<4> {
    match held {
        Some(held) => held.paste(x),
        None => x,
    }
}

/// Computes mean ‖Δ‖ and mean ‖Δ‖² over the chains, on the host: with fusion, Burn's wgpu backend
/// was observed to return 2.23 for a mean of square roots of sums that is 3.87.
fn displacement(difference: Tensor<4>) -> [f64; 2] {
    let chains = difference.dims()[0];
    let values = values_f64(difference);
    let squared = values
        .chunks(values.len() / chains)
        .map(|chain| chain.iter().map(|value| value * value).sum::<f64>());
    let (norms, squares) =
        squared.fold((0.0, 0.0), |(norms, squares), one| (norms + one.sqrt(), squares + one));
    [norms / chains as f64, squares / chains as f64]
}
