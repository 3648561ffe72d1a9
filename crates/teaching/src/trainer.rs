//! Algorithm 1 of variational MCMC teaching, and of what it is compared with.

use std::panic::resume_unwind;
use std::thread;

use burn::module::Module;
use burn::optim::ModuleOptimizer;
use burn::tensor::{Device, Tensor};
use ebm_mcmc::{ChainError, Constrained, Constraint, Held, Langevin, run};
use ebm_networks::{Contrast, Ema, EnergyNetwork, Given, Learning, Terms};
use ebm_noise::Key;
use ebm_noise::streams::{iteration as stream, run as run_stream};
use ebm_tensor::{Condition, Examples, is_host};
use ebm_vae::Vae;
use tracing::instrument;

use crate::batch::Batch;
use crate::condition::shape_of_maps;
use crate::model::Model;
use crate::part::Part;
use crate::recipe::Recipe;
use crate::registry::{StudentRegistry, StudentSetup};
use crate::student::{InitialStates, StartRequest, Student, StudentLoss, Update};
use crate::{StepMetrics, TeachingError};

/// An energy and a student in training, with their optimisers and the count of iterations.
pub struct Trainer {
    pub(crate) recipe: Recipe,
    pub(crate) energy: EnergyNetwork,
    /// The average of its weights, if the recipe wants one.
    pub(crate) average: Option<Ema<EnergyNetwork>>,
    pub(crate) energy_adam: ModuleOptimizer,
    pub(crate) student: Box<dyn Student>,
    /// The kinds that the student was chosen from.
    pub(crate) students: StudentRegistry,
    pub(crate) iteration: u64,
    /// Of the last iteration.
    pub(crate) epoch: u64,
    pub(crate) image: [usize; 2],
    /// Without autodiff: chains run here.
    device: Device,
}

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
    count: usize,
    condition: Option<Tensor<4>>,
    steps: Option<usize>,
    key: Key,
    strip_images: usize,
    strip_frames: usize,
}

impl SampleRequest {
    /// Creates a request for `count` samples that are determined by `key`, after as many Langevin steps as the recipe
    /// says (`chains.sampling_steps`).
    pub fn new(count: usize, key: Key) -> Self {
        Self { count, condition: None, steps: None, key, strip_images: 0, strip_frames: 2 }
    }

    /// Sets the conditions of a conditional model, one for each sample.
    #[must_use]
    pub fn given(self, condition: impl Into<Option<Tensor<4>>>) -> Self {
        Self { condition: condition.into(), ..self }
    }

    /// Sets the number of Langevin steps.
    #[must_use]
    pub fn steps(self, steps: usize) -> Self {
        Self { steps: Some(steps), ..self }
    }

    /// Asks for a film strip: the first `images` samples at `frames` evenly spaced steps, at least two.
    #[must_use]
    pub fn film_strip(self, images: usize, frames: usize) -> Self {
        Self { strip_images: images, strip_frames: frames, ..self }
    }
}

impl Trainer {
    /// A new run of a recipe on square images of `[channels, size, size]`.
    ///
    /// # Errors
    /// [`TeachingError::Recipe`], if the networks do not fit the images.
    pub fn new(recipe: Recipe, image: [usize; 2], device: &Device) -> Result<Self, TeachingError> {
        Self::with_students(recipe, image, device, &StudentRegistry::default())
    }

    /// As [`new`](Self::new), for a recipe whose student is one of `students`.
    ///
    /// # Errors
    /// As [`new`](Self::new), or [`TeachingError::Recipe`] for a student that is not among them.
    pub fn with_students(
        recipe: Recipe,
        image: [usize; 2],
        device: &Device,
        students: &StudentRegistry,
    ) -> Result<Self, TeachingError> {
        recipe.validate()?;
        let device = device.clone().without_autodiff();
        let key = Key::new(recipe.seed);
        let condition = recipe.condition_shape(image).map(shape_of_maps);
        let energy_key = key.fold(run_stream::INITIAL_ENERGY);
        let training = device.clone().autodiff();
        let energy = recipe.energy.init(image.into(), condition, energy_key, &training);
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
            energy_adam: recipe.optimiser.adam().init(),
            student,
            students: students.clone(),
            iteration: 0,
            epoch: 0,
            image,
            device,
            recipe,
        })
    }

    /// Makes one iteration of Algorithm 1 on a batch of data; its epoch sets the learning rates. Students differ in
    /// where their chains start and in what they learn from where these end, and in nothing else. A conditional model
    /// is given each image's condition everywhere, and each has its own chain.
    ///
    /// # Errors
    /// [`TeachingError::Chain`] or [`TeachingError::NotFinite`], before the update that it would corrupt;
    /// [`TeachingError::Shape`] or [`TeachingError::Condition`] for a batch that does not fit.
    pub fn step(&mut self, batch: Batch) -> Result<StepMetrics, TeachingError> {
        let Batch { images: data, condition: c, epoch } = batch;
        self.check_shape(&data)?;
        self.check_condition(c.as_ref(), data.dims()[0])?;
        self.epoch = epoch;
        let key = Key::new(self.recipe.seed).fold(run_stream::TRAINING).fold(self.iteration);
        let pins = self.pins(c.as_ref());
        let data = self.with_noise(data, pins.as_ref(), key.fold(stream::DATA_NOISE));

        // G1: the student starts the chains; in the paper at decoder means of fresh z ~ N(0, I).
        let initial = self.initial_states(&data, c.clone(), key.fold(stream::PROPOSAL));
        let start = paste(pins.as_ref(), initial.states.clone());
        // D1: Langevin refines, with θ fixed; no gradient passes through the chain.
        let steps = self.recipe.chains.steps;
        let langevin = key.fold(stream::LANGEVIN);
        let model = self.model_of(&self.energy, c.clone());
        let (samples, _) = self.chains(model, start.clone(), pins, steps, langevin, |_, _| {})?;
        // Losses and gradients of both models, neither of which has changed yet: an update with a loss that is not
        // finite is never made.
        let contrast = Contrast {
            samples: samples.clone(),
            data: Examples::new(data, c.map(Condition::from_maps)),
        };
        let (learning, update) = side_by_side(
            is_host(&self.device),
            || self.energy_learning(contrast.clone()),
            || self.student_update(initial, contrast.clone(), key.fold(stream::UPDATE)),
        );
        let (learning, update) = (learning?, update?);
        let metrics = self.metrics(learning.as_ref(), update.loss(), samples - start);
        // D2: the energy learns from data against samples.
        let decay = self.recipe.decay_at(self.iteration, epoch);
        self.apply_to_energy(learning, decay);
        // G2: the student learns from the samples alone; the paper's infers z again, by q(z|x̃).
        self.apply_to_student(update, decay);

        self.iteration += 1;
        Ok(metrics)
    }

    /// Draws samples of the current model by ancestral Langevin sampling: x₀ from the student (in the paper z ~ N(0, I),
    /// x₀ = g_φ(z)), then Langevin steps. A student of data starts from uniform noise here. A conditional model needs
    /// one condition for each sample.
    ///
    /// # Errors
    /// [`TeachingError::Chain`], [`TeachingError::Condition`].
    pub fn sample(&self, request: SampleRequest) -> Result<Samples, TeachingError> {
        let SampleRequest { count, condition, steps, key, strip_images, strip_frames } = request;
        let steps = steps.unwrap_or(self.recipe.chains.sampling_steps);
        self.check_condition(condition.as_ref(), count)?;
        let start =
            self.student.preview_states(count, condition.clone(), key.fold(stream::PROPOSAL));
        let pins = self.pins(condition.as_ref());
        let start = paste(pins.as_ref(), start);
        let mut strip = Vec::with_capacity(strip_frames);
        let keep = |step: usize, state: &Tensor<4>| {
            // The frame's number rises as often as `strip_frames − 1` intervals are filled.
            if strip_images > 0 && step * (strip_frames.max(2) - 1) >= strip.len() * steps {
                strip.push(state.clone().narrow(0, 0, strip_images.min(count)));
            }
        };
        let model = self.model_of(self.average_or_energy(), condition);
        let langevin = key.fold(stream::LANGEVIN);
        let (refined, energies) = self.chains(model, start.clone(), pins, steps, langevin, keep)?;
        Ok(Samples { start, refined, strip, energies })
    }

    /// `steps` Langevin steps of the [model](Self::model) from `start`, as in training: the last states, and U before each
    /// step, `[steps, chains]`. `observe` sees each state, the start included, as `(step, state)`. A student without
    /// an energy leaves `start` as it is. What the recipe [holds](crate::ConditionRecipe::hold) is as the condition has it,
    /// whatever `start` says.
    ///
    /// # Shapes
    /// - `start`, output: `[chains, channels, height, width]`
    /// - `condition`: of a conditional model, one for each chain
    ///
    /// # Errors
    /// [`TeachingError::Chain`], [`TeachingError::Condition`].
    pub fn refine(
        &self,
        start: Tensor<4>,
        condition: Option<Tensor<4>>,
        steps: usize,
        key: Key,
        observe: impl FnMut(usize, &Tensor<4>),
    ) -> Result<(Tensor<4>, Option<Tensor<2>>), TeachingError> {
        self.check_condition(condition.as_ref(), start.dims()[0])?;
        let pins = self.pins(condition.as_ref());
        let start = paste(pins.as_ref(), start);
        let model = self.model_of(self.average_or_energy(), condition);
        self.chains(model, start, pins, steps, key, observe)
    }

    /// Returns the energy that preview samples come from: with an average of the weights, that one. A conditional model
    /// is that of x given `condition`, in batches of as many as there are.
    ///
    /// # Errors
    /// [`TeachingError::Missing`] for a student without an energy.
    pub fn model(&self, condition: Option<Tensor<4>>) -> Result<Model<Given>, TeachingError> {
        let model = self.model_of(self.average_or_energy(), condition);
        model.ok_or_else(|| self.missing(Part::Energy))
    }

    pub(crate) fn missing(&self, part: Part) -> TeachingError {
        let (student, having) = (self.recipe.student.kind().into(), self.students.having(part));
        TeachingError::Missing { part, student, having }
    }

    /// The recipe.
    pub fn recipe(&self) -> &Recipe {
        &self.recipe
    }

    /// Iterations made.
    pub fn iteration(&self) -> u64 {
        self.iteration
    }

    /// The energy's network.
    pub fn energy(&self) -> &EnergyNetwork {
        &self.energy
    }

    /// The auto-encoder, of students that have one. A generator's encoder has learned nothing.
    pub fn vae(&self) -> Option<&Vae> {
        self.student.vae()
    }

    /// Returns whether an energy learns beside the student.
    pub fn has_energy(&self) -> bool {
        self.students.having(Part::Energy).contains(&self.recipe.student.kind())
    }

    /// The device that chains run on (without autodiff).
    pub fn device(&self) -> &Device {
        &self.device
    }

    /// Channels and side of the images.
    pub fn image(&self) -> [usize; 2] {
        self.image
    }

    /// What chains hold.
    fn pins(&self, condition: Option<&Tensor<4>>) -> Option<Held<4>> {
        self.recipe.condition.as_ref().zip(condition).and_then(|(recipe, c)| recipe.pins(c))
    }

    /// Noise is added to data but for what chains hold.
    fn with_noise(&self, data: Tensor<4>, pins: Option<&Held<4>>, key: Key) -> Tensor<4> {
        match self.recipe.data.noise_std {
            0.0 => data,
            std => {
                let noisy = data.clone() + key.normal(data.dims(), &self.device) * std;
                paste(pins, noisy)
            }
        }
    }

    #[instrument(level = "debug", skip_all, name = "refine")]
    fn chains(
        &self,
        model: Option<Model<Given>>,
        start: Tensor<4>,
        pins: Option<Held<4>>,
        steps: usize,
        key: Key,
        observe: impl FnMut(usize, &Tensor<4>),
    ) -> Result<(Tensor<4>, Option<Tensor<2>>), TeachingError> {
        let Some(model) = model else { return Ok((start, None)) };
        let chains = &self.recipe.chains;
        let noise = self.recipe.noise_at(self.epoch);
        let langevin = Langevin::new(chains.step_size).with_noise(noise);
        let held = pins.map(Constraint::Held);
        let limit = chains.clamp.then_some(Constraint::Box { limit: 1.0 });
        let kernel = Constrained::new(langevin, held.into_iter().chain(limit));
        let chains = run(&kernel, &model, start, steps, key, observe)
            .map_err(|source| self.chain_error(source))?;
        Ok((chains.state, Some(chains.energies)))
    }

    fn model_of(
        &self,
        network: &EnergyNetwork,
        condition: Option<Tensor<4>>,
    ) -> Option<Model<Given>> {
        self.has_energy().then(|| {
            Model::new(
                network.valid().given(condition.map(Condition::from_maps)),
                &self.recipe.chains,
            )
        })
    }

    fn average_or_energy(&self) -> &EnergyNetwork {
        self.average.as_ref().map_or(&self.energy, Ema::model)
    }

    #[instrument(level = "debug", skip_all)]
    fn energy_learning(&self, contrast: Contrast) -> Result<Option<Learning>, TeachingError> {
        if !self.has_energy() {
            return Ok(None);
        }
        let optimiser = &self.recipe.optimiser;
        let terms = Terms {
            regulariser: optimiser.energy_regulariser,
            condition_weight: optimiser.condition_weight,
        };
        let learning = self.energy.learning(contrast, terms);
        self.finite("energy", learning.f_samples - learning.f_data)?;
        self.finite("condition", learning.condition_loss.unwrap_or_default())?;
        Ok(Some(learning))
    }

    #[instrument(level = "debug", skip_all)]
    fn initial_states(
        &self,
        data: &Tensor<4>,
        condition: Option<Tensor<4>>,
        key: Key,
    ) -> InitialStates {
        let count = self.recipe.chains.count;
        self.student.initial_states(StartRequest { count, data, condition, key })
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
            let rate = self.recipe.optimiser.energy_learning_rate * decay;
            self.energy = self.energy.clone().descend(&mut self.energy_adam, rate, gradients);
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
        }
    }

    pub(crate) fn check_shape(&self, data: &Tensor<4>) -> Result<(), TeachingError> {
        let [channels, size] = self.image;
        let (given, expected) = (data.dims(), [channels, size, size]);
        if given[0] > 0 && given[1..] == expected {
            Ok(())
        } else {
            Err(TeachingError::Shape { given, expected })
        }
    }

    /// Whether there are `rows` conditions of the recipe's shape, or none where it has none.
    pub(crate) fn check_condition(
        &self,
        condition: Option<&Tensor<4>>,
        rows: usize,
    ) -> Result<(), TeachingError> {
        let expected = self.recipe.condition_shape(self.image);
        let expected = expected.map(|[channels, side]| [rows, channels, side, side]);
        let given = condition.map(Tensor::dims);
        if given == expected { Ok(()) } else { Err(TeachingError::Condition { given, expected }) }
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

/// `x` with what is held in its place.
fn paste(pins: Option<&Held<4>>, x: Tensor<4>) -> Tensor<4> {
    match pins {
        Some(pins) => pins.paste(x),
        None => x,
    }
}

/// mean ‖Δ‖ and mean ‖Δ‖² over the chains, on the host: with fusion, Burn's wgpu backend was seen to return
/// 2.23 for a mean of square roots of sums that is 3.87.
fn displacement(difference: Tensor<4>) -> [f64; 2] {
    let chains = difference.dims()[0];
    let values: Vec<f64> = difference.into_data().iter::<f64>().collect();
    let squared = values
        .chunks(values.len() / chains)
        .map(|chain| chain.iter().map(|value| value * value).sum::<f64>());
    let (norms, squares) =
        squared.fold((0.0, 0.0), |(norms, squares), one| (norms + one.sqrt(), squares + one));
    [norms / chains as f64, squares / chains as f64]
}

/// Both, on two threads where that helps: not on a GPU, which has one queue of work, not where rayon has one thread, and
/// not on one of rayon's threads, which must not wait for work that they may have to do themselves.
fn side_by_side<A: Send, B>(
    host: bool,
    elsewhere: impl FnOnce() -> A + Send,
    here: impl FnOnce() -> B,
) -> (A, B) {
    let spare = rayon::current_num_threads() > 1 && rayon::current_thread_index().is_none();
    if !(host && spare) {
        return (elsewhere(), here());
    }
    thread::scope(|scope| {
        let elsewhere = scope.spawn(elsewhere);
        let here = here();
        (elsewhere.join().unwrap_or_else(|panic| resume_unwind(panic)), here)
    })
}
