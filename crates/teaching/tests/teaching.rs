//! Algorithm 1 on real digits-sized images: what each step must and must not do.

use burn::module::{Module, ModuleVisitor, Param};
use burn::tensor::{Device, Tensor, TensorData, Tolerance};
use ebm_energy::Energy;
use ebm_noise::Key;
use ebm_teaching::{
    Alarm, Batch, DataStudentRecipe, Ending, Event, GeneratorRecipe, GuardPolicy, Listener,
    NoiseRecipe, Part, Recipe, ReplayRecipe, RollBack, SampleRequest, Samples, StepMetrics,
    StudentRecipe, TeachingError, Trainer, VaeOnDataRecipe, VariationalRecipe, Walls,
    checkpoint_name, train,
};
use ebm_tensor::{Condition, Examples, ImageShape};

fn small_recipe() -> Recipe {
    let mut recipe = Recipe::embedded("digits").expect("embedded");
    recipe.iterations = 6;
    recipe.data.batch = 8;
    (recipe.chains.count, recipe.chains.steps) = (8, 3);
    recipe.evaluation.images = 4;
    recipe.evaluation.every = 3;
    recipe.evaluation.checkpoint_every = 3;
    recipe.optimiser.decay_iterations = None;
    recipe.chains.denoise = false;
    recipe
}

fn trainer(recipe: Recipe) -> Trainer {
    Trainer::new(recipe, ImageShape::new(1, 28), &Device::flex()).expect("the recipe is valid")
}

/// Returns strokes: bright bars on black, so that data differ from the images of an untrained
/// decoder.
fn data(iteration: u64) -> Batch {
    let device = Device::flex();
    let bars = Key::new(iteration).uniform::<4>([8, 1, 1, 28], &device).greater_elem(0.7).float();
    Batch::new(bars.repeat_dim(2, 28) * 2.0 - 1.0, iteration / 3)
}

fn images(iteration: u64) -> Tensor<4> {
    data(iteration).examples.images
}

fn gap(trainer: &Trainer, data: &Tensor<4>, samples: &Tensor<4>) -> f32 {
    let f = |x: &Tensor<4>| trainer.energy().negative_energy(x.clone(), None).mean();
    (f(data) - f(samples)).into_scalar()
}

#[test]
fn an_energy_step_raises_data_above_samples() {
    let mut trainer = trainer(small_recipe());
    let images = images(0);
    let samples = sampled(&trainer, 8, 3, 9).refined;
    let before = gap(&trainer, &images, &samples);
    trainer.step(Batch::new(images.clone(), 0)).expect("finite");
    let after = gap(&trainer, &images, &samples);
    assert!(after > before, "mean f(data) − mean f(x̃) went from {before} to {after}");
}

fn variational() -> StudentRecipe {
    VariationalRecipe::new(3.0).into()
}

fn generator() -> StudentRecipe {
    let mut settings = GeneratorRecipe::default();
    settings.latent_steps = 2;
    settings.into()
}

fn replay(buffer: usize, restart: f64) -> StudentRecipe {
    let mut settings = ReplayRecipe::default();
    (settings.buffer, settings.restart) = (buffer, restart);
    settings.into()
}

fn vae_on_data() -> StudentRecipe {
    VaeOnDataRecipe::new(3.0).into()
}

fn noise() -> StudentRecipe {
    NoiseRecipe::default().into()
}

fn from_data() -> StudentRecipe {
    DataStudentRecipe::default().into()
}

fn students() -> [StudentRecipe; 6] {
    [variational(), generator(), noise(), replay(20, 0.05), from_data(), vae_on_data()]
}

fn recipe_of(student: StudentRecipe) -> Recipe {
    Recipe { student, ..small_recipe() }
}

fn with_average(mut student: StudentRecipe, decay: f64) -> StudentRecipe {
    match &mut student {
        StudentRecipe::Variational(settings) => settings.ema_decay = Some(decay),
        StudentRecipe::Generator(settings) => settings.ema_decay = Some(decay),
        StudentRecipe::VaeOnData(settings) => settings.ema_decay = Some(decay),
        _ => {}
    }
    student
}

fn sampled(trainer: &Trainer, count: usize, steps: usize, key: u64) -> Samples {
    let request = SampleRequest::new(count, Key::new(key)).steps(steps);
    trainer.sample(request).expect("finite")
}

fn decoded(trainer: &Trainer) -> TensorData {
    trainer.vae().expect("a VAE").decode(Tensor::ones([2, 24], &Device::flex()), None).into_data()
}

/// With θ fixed, the student after a step is the same whatever the data were; with other chains it
/// is not. Only the VAE that has no energy learns from data.
#[test]
fn data_never_reach_the_student() {
    for student in [variational(), generator(), vae_on_data()] {
        let vae_after_a_step = |images: Tensor<4>, seed: u64| {
            let mut trainer = trainer(Recipe { seed, ..recipe_of(student.clone()) });
            trainer.step(Batch::new(images, 0)).expect("finite");
            decoded(&trainer)
        };
        let bars = images(0);
        let with_bars = vae_after_a_step(bars.clone(), 0);
        let with_white = vae_after_a_step(bars.clone().ones_like(), 0);
        assert_eq!(with_bars == with_white, student.has(Part::Energy), "{student:?}");
        let with_other_chains = vae_after_a_step(bars, 1);
        assert_ne!(with_bars, with_other_chains, "{student:?}");
    }
}

/// Chains that hardly move: f of samples and of data is the same number only where chains start at
/// the data.
#[test]
fn students_without_networks_start_chains_in_their_ways() {
    let loss = |student| {
        let mut recipe = recipe_of(student);
        (recipe.chains.step_size, recipe.chains.reference_std) = (1e-6, None);
        let metrics = trainer(recipe).step(Batch::new(images(0), 0)).expect("finite");
        metrics.energy_loss.expect("an energy").abs()
    };
    assert!(loss(from_data()) < 1e-3);
    assert!(loss(noise()) > 1.0);
    assert!(loss(replay(20, 0.05)) > 1.0);
}

/// Chains start where those of the iteration before ended.
#[test]
fn replay_goes_on_where_chains_ended() {
    let mut trainer = trainer(recipe_of(replay(8, 0.0)));
    let before = sampled(&trainer, 8, 1, 1).start;
    trainer.step(Batch::new(images(0), 0)).expect("finite");
    let after = sampled(&trainer, 8, 1, 1).start;
    // All eight slots were drawn, moved and stored again.
    let changed = (after - before).abs().flatten::<2>(1, 3).max_dim(1);
    assert!(changed.min().into_scalar::<f32>() > 1e-3);
}

/// A generator's pairs (z₀, x̃) need no encoder: it stays as it was. A VAE's does not.
#[test]
fn a_generator_leaves_the_encoder_alone() {
    for (student, same) in [(generator(), true), (variational(), false)] {
        let mut trainer = trainer(recipe_of(student.clone()));
        let codes = |trainer: &Trainer| {
            let vae = trainer.vae().expect("a VAE");
            vae.encode(images(0), None, Key::new(0)).mean.into_data()
        };
        let (codes_before, decoded_before) = (codes(&trainer), decoded(&trainer));
        trainer.step(Batch::new(images(0), 0)).expect("finite");
        assert_eq!(codes(&trainer) == codes_before, same, "{student:?}");
        assert_ne!(decoded(&trainer), decoded_before, "{student:?}");
    }
}

#[derive(Default)]
struct Record {
    metrics: Vec<StepMetrics>,
    samples: Vec<TensorData>,
    checkpoint: Option<std::path::PathBuf>,
    alarms: Vec<Alarm>,
    roll_backs: Vec<RollBack>,
}

impl Listener for Record {
    fn on(
        &mut self,
        trainer: &Trainer,
        event: Event<'_>,
    ) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
        match event {
            Event::Stepped(metrics) => self.metrics.push(*metrics),
            Event::Sampled(samples) => self.samples.push(samples.refined.clone().into_data()),
            Event::CheckpointDue => {
                if let Some(folder) = &self.checkpoint {
                    trainer.save(&folder.join(checkpoint_name(trainer.iteration())))?;
                }
            }
            Event::Alarm(alarm) => self.alarms.push(*alarm),
            Event::RolledBack(roll_back) => self.roll_backs.push(roll_back.clone()),
            _ => {}
        }
        Ok(())
    }

    fn checkpoint(&self, iteration: u64) -> Option<std::path::PathBuf> {
        let path = self.checkpoint.as_ref()?.join(checkpoint_name(iteration));
        path.exists().then_some(path)
    }
}

fn run(mut trainer: Trainer) -> Record {
    let mut record = Record::default();
    train(&mut trainer, data, None, &mut [&mut record]).expect("finite");
    record
}

#[test]
fn the_same_seed_gives_the_same_bits() {
    let mut noisy = small_recipe();
    noisy.chains.noise = true;
    for recipe in [small_recipe(), noisy] {
        let (one, two) = (run(trainer(recipe.clone())), run(trainer(recipe.clone())));
        assert_eq!(one.metrics, two.metrics);
        assert_eq!(one.samples, two.samples);
        assert_eq!((one.metrics.len(), one.samples.len()), (6, 2));
        let other = run(trainer(Recipe { seed: 1, ..recipe }));
        assert_ne!(one.metrics, other.metrics);
    }
}

#[test]
fn a_resumed_run_equals_an_unbroken_one() {
    for student in students() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let mut recipe = recipe_of(with_average(student.clone(), 0.5));
        // Noise that ends on the way, so that the epoch matters.
        (recipe.chains.noise, recipe.chains.noise_until_epoch) = (true, Some(1));
        recipe.data.noise_std = 0.03;
        (recipe.optimiser.ema_decay, recipe.optimiser.energy_regulariser) = (Some(0.5), 1e-3);
        let mut unbroken = Record { checkpoint: Some(folder.path().into()), ..Record::default() };
        let ending = train(&mut trainer(recipe), data, None, &mut [&mut unbroken]).expect("finite");
        assert_eq!(ending, Ending::Finished);
        let resumed = Trainer::load(&folder.path().join(checkpoint_name(3)), &Device::flex())
            .expect("readable");
        assert_eq!(resumed.iteration(), 3);
        let resumed = run(resumed);
        assert_eq!(resumed.metrics, unbroken.metrics[3..], "{student:?}");
        assert_eq!(resumed.samples, unbroken.samples[1..], "{student:?}");
    }
}

/// A recipe that is guarded in every iteration.
fn guarded(policy: GuardPolicy, curvature: f64) -> Recipe {
    let mut recipe = Recipe { iterations: 9, ..small_recipe() };
    recipe.optimiser.control = None;
    recipe.optimiser.energy_learning_rate = 0.02;
    (recipe.guard.policy, recipe.guard.every, recipe.guard.patience) = (policy, 1, 1);
    (recipe.guard.curvature, recipe.guard.roll_backs) = (curvature, 2);
    // No other metric raises an alarm.
    (recipe.guard.acceptance, recipe.guard.growth) = (0.0, f64::MAX);
    recipe
}

/// A limit that every energy is beyond: each policy does what it says.
#[test]
fn an_alarm_warns_stops_or_rolls_back() {
    let outcome = |policy| {
        let (mut trainer, mut record) = (trainer(guarded(policy, 1e-9)), Record::default());
        let ending = train(&mut trainer, data, None, &mut [&mut record]);
        (ending, record)
    };
    let (ending, quiet) = outcome(GuardPolicy::Off);
    assert!(ending.is_ok() && quiet.alarms.is_empty());
    assert_eq!(quiet.metrics[0].curvature_data, None, "nothing is measured");
    let (ending, warned) = outcome(GuardPolicy::Warn);
    assert_eq!(ending.expect("goes on"), Ending::Finished);
    // Once: the curvature never returns.
    assert_eq!((warned.alarms.len(), warned.alarms[0].iteration), (1, 1));
    assert_eq!(quiet.samples, warned.samples, "to be watched changes nothing");
    let (ending, _) = outcome(GuardPolicy::Stop);
    let message = ending.expect_err("stops").to_string();
    assert!(message.starts_with("iteration 1: curvature × step is "), "{message}");
    // There is no good checkpoint to return to, so that training restarts.
    let (ending, rolled) = outcome(GuardPolicy::RollBack);
    let message = ending.expect_err("in the end").to_string();
    assert!(message.contains("after 2 roll-backs"), "{message}");
    let numbers: Vec<_> = rolled.metrics.iter().map(|m| (m.iteration, m.roll_backs)).collect();
    assert_eq!(numbers, [(0, 0), (0, 1), (0, 2)]);
    let rates: Vec<f64> = rolled.roll_backs.iter().map(|r| r.energy_learning_rate).collect();
    assert_eq!(rates, [0.01, 0.005]);
    assert_ne!(rolled.metrics[0].f_samples, rolled.metrics[1].f_samples, "other random numbers");
}

/// The curvature leaves its limit after the first checkpoint: training returns to a checkpoint, and
/// a run that is resumed equals the unbroken one.
#[test]
fn a_run_with_a_roll_back_resumes_bit_for_bit() {
    let curvature = |m: &StepMetrics| {
        let both = m.curvature_data.zip(m.curvature_samples);
        both.map(|(data, samples)| data.max(samples)).expect("measured")
    };
    let watched = run(trainer(guarded(GuardPolicy::Warn, 1e9)));
    let curvatures: Vec<f64> = watched.metrics.iter().map(curvature).collect();
    let most = |range: &[f64]| range.iter().copied().fold(0.0, f64::max);
    let limit = 1.001 * most(&curvatures[..3]);
    assert!(most(&curvatures[3..]) > limit, "it grows: {curvatures:?}");
    let mut recipe = guarded(GuardPolicy::RollBack, limit);
    recipe.guard.rate_factor = 1e-3;
    let folder = tempfile::tempdir().expect("a temporary folder");
    let mut unbroken = Record { checkpoint: Some(folder.path().into()), ..Record::default() };
    train(&mut trainer(recipe), data, None, &mut [&mut unbroken]).expect("healthy in the end");
    let [roll_back] = &unbroken.roll_backs[..] else { panic!("{:?}", unbroken.roll_backs) };
    assert!(roll_back.to >= 3 && roll_back.from > roll_back.to, "{roll_back:?}");
    assert_eq!(unbroken.metrics.len() as u64, 9 + roll_back.from - roll_back.to);
    // From the same checkpoint, it leaves the limit again and returns again.
    let checkpoint = folder.path().join(checkpoint_name(roll_back.to));
    let resumed = run(Trainer::load(&checkpoint, &Device::flex()).expect("readable"));
    assert_eq!(resumed.metrics, unbroken.metrics[roll_back.to as usize..]);
    assert_eq!(resumed.roll_backs, unbroken.roll_backs);
    // And from the last one, after it.
    let last = Trainer::load(&folder.path().join(checkpoint_name(9)), &Device::flex());
    assert_eq!(last.expect("readable").roll_backs(), 1);
}

/// Data with noise and chains that are bounded otherwise are refused before the first iteration.
#[test]
fn supports_must_match() {
    let mut recipe = small_recipe();
    recipe.chains.walls = Walls::Clamp;
    let refused = |recipe: &Recipe| {
        let result = train(&mut trainer(recipe.clone()), data, None, &mut []);
        result.err().map(|error| error.to_string())
    };
    let message = refused(&recipe).expect("refused");
    assert!(message.contains("data.noise_std = 0.05") && message.contains("both"), "{message}");
    recipe.data.walls = Walls::Clamp;
    assert_eq!(refused(&recipe), None);
    (recipe.data.walls, recipe.data.noise_std) = (Walls::None, 0.0);
    assert_eq!(refused(&recipe), None);
    (recipe.data.noise_std, recipe.chains.allow_mismatch) = (0.05, true);
    assert_eq!(refused(&recipe), None);
    let opened = Recipe::open("digits", false, &["chains.walls=reflect".into()]);
    assert!(opened.is_err_and(|error| error.to_string().contains("data.walls = \"none\"")));
}

/// The posterior mean is x − σ²·∇U(x) at the end of the chain.
#[test]
fn posterior_means_end_the_chains_of_samples() {
    let mut recipe = small_recipe();
    let samples = |recipe: &Recipe| {
        let request = SampleRequest::new(5, Key::new(2)).steps(4);
        trainer(recipe.clone()).sample(request).expect("finite").refined
    };
    let noisy = samples(&recipe);
    recipe.chains.denoise = true;
    let denoised = samples(&recipe);
    let model = trainer(recipe.clone()).model(None).expect("an energy");
    let (_, gradient) = model.energy_and_gradient(noisy.clone());
    let expected = noisy - gradient * 0.05_f64.powi(2);
    let tolerance = Tolerance::<f32>::absolute(1e-5);
    denoised.into_data().assert_approx_eq(&expected.into_data(), tolerance);
    recipe.data.noise_std = 0.0;
    assert!(recipe.validate().is_err_and(|error| error.to_string().contains("chains.denoise")));
}

/// An average of the weights changes preview samples, and training is not affected.
#[test]
fn the_average_of_weights_is_for_samples_only() {
    let averaged = |energy: Option<f64>, student: Option<f64>| {
        let mut recipe = small_recipe();
        recipe.optimiser.ema_decay = energy;
        if let Some(decay) = student {
            recipe.student = with_average(recipe.student, decay);
        }
        run(trainer(recipe))
    };
    let without = averaged(None, None);
    for with in [averaged(Some(0.9), None), averaged(None, Some(0.9))] {
        assert_eq!(without.metrics, with.metrics);
        assert_ne!(without.samples, with.samples);
    }
}

/// A listener that ends training after two iterations.
#[test]
fn a_listener_ends_training() {
    struct Enough(Record);
    impl Listener for Enough {
        fn on(
            &mut self,
            trainer: &Trainer,
            event: Event<'_>,
        ) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
            self.0.on(trainer, event)
        }
        fn wants_end(&self) -> bool {
            self.0.metrics.len() == 2
        }
    }
    let folder = tempfile::tempdir().expect("a temporary folder");
    let mut enough = Enough(Record { checkpoint: Some(folder.path().into()), ..Record::default() });
    let ending =
        train(&mut trainer(small_recipe()), data, None, &mut [&mut enough]).expect("finite");
    assert_eq!((ending, enough.0.metrics.len()), (Ending::Stopped, 2));
    let left = Trainer::load(&folder.path().join(checkpoint_name(2)), &Device::flex())
        .expect("a checkpoint");
    assert_eq!(run(left).metrics, run(trainer(small_recipe())).metrics[2..]);
}

#[test]
fn a_corrupted_checkpoint_is_refused_by_name() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("checkpoint");
    trainer(small_recipe()).save(&path).expect("writable");
    let energy = path.join("energy.bpk");
    let bytes = std::fs::read(&energy).expect("written");
    std::fs::write(&energy, &bytes[..bytes.len() / 2]).expect("writable");
    let message = Trainer::load(&path, &Device::flex()).expect_err("cut").to_string();
    assert!(message.contains("energy.bpk") && message.contains("cut or changed"), "{message}");
    std::fs::remove_file(&energy).expect("there");
    let message = Trainer::load(&path, &Device::flex()).expect_err("missing").to_string();
    assert!(message.contains("energy.bpk"), "{message}");
}

#[test]
fn a_runaway_chain_stops_training_and_is_named() {
    let mut recipe = small_recipe();
    recipe.chains.steps = 40;
    recipe.chains.step_size = 6.5; // δ²/2·1/σ₁² = 21: the reference term alone multiplies x by −20.
    let error = trainer(recipe).step(Batch::new(images(0), 0)).expect_err("it diverges");
    assert!(matches!(error, TeachingError::Chain { iteration: 0, .. }), "{error}");
    assert!(error.to_string().contains("at step"), "{error}");
}

#[test]
fn poisoned_data_are_never_trained_on() {
    let mut trainer = trainer(small_recipe());
    let before = gap(&trainer, &images(0), &images(1));
    let error = trainer.step(Batch::new(images(0) * f32::NAN, 0)).expect_err("NaN");
    assert!(
        matches!(error, TeachingError::NotFinite { iteration: 0, loss: "energy", .. }),
        "{error}"
    );
    assert_eq!(before, gap(&trainer, &images(0), &images(1)), "θ was left as it was");
}

#[test]
fn a_vae_loss_that_overflows_updates_neither_model() {
    let mut recipe = small_recipe();
    recipe.student = VariationalRecipe::new(f64::MAX).into();
    let mut trainer = trainer(recipe);
    let before = gap(&trainer, &images(0), &images(1));
    let error = trainer.step(Batch::new(images(0), 0)).expect_err("it overflows");
    assert!(matches!(error, TeachingError::NotFinite { loss: "VAE", .. }), "{error}");
    assert_eq!(before, gap(&trainer, &images(0), &images(1)), "θ was left as it was");
}

/// The student after one iteration, whose energy and chains do not depend on its settings.
fn taught(change: impl FnOnce(&mut VariationalRecipe)) -> (StepMetrics, TensorData) {
    let mut student = VariationalRecipe::new(0.5);
    change(&mut student);
    let mut trainer = trainer(recipe_of(student.into()));
    let metrics = trainer.step(Batch::new(images(0), 0)).expect("finite");
    (metrics, decoded(&trainer))
}

/// Each addition to the student's loss is what its formula says.
#[test]
fn a_student_learns_variance_and_pairs_in_more_steps() {
    let (plain, once) = taught(|_| ());
    let terms = |metrics: &StepMetrics| {
        (metrics.reconstruction.expect("decodes"), metrics.kl.expect("encodes"))
    };
    let (reconstruction, kl) = terms(&plain);
    let total = |metrics: &StepMetrics| metrics.vae_loss.expect("a loss");
    let near = |given: f64, expected: f64| (given / expected - 1.0).abs() < 1e-5;
    assert!(near(total(&plain), reconstruction + 0.5 * kl));
    let (learned, _) = taught(|student| student.learned_variance = true);
    assert_eq!(terms(&learned), (reconstruction, kl));
    let weight = 0.5 * 2.0 * reconstruction / 784.0;
    assert!(near(total(&learned), reconstruction + weight * kl), "{learned:?}");
    // The chain started at g(z), so that the distance of the pair is how far it moved.
    let (pairs, other) = taught(|student| student.pair_weight = 3.0);
    let distance = (total(&pairs) - total(&plain)) / 3.0;
    assert!(near(distance, plain.displacement_squared), "{distance}, {plain:?}");
    assert_ne!(other, once);
    // The first of the updates is that of a single one, and the metrics are its own.
    let (more, twice) = taught(|student| student.steps = 2);
    assert_eq!(more.vae_loss, plain.vae_loss);
    assert_ne!(twice, once);
    assert_eq!(taught(|student| student.steps = 2).1, twice, "the same bits");
}

/// Chains of random length take every number of steps between the limits.
#[test]
fn chains_can_be_of_random_length() {
    let mut recipe = small_recipe();
    recipe.iterations = 12;
    (recipe.chains.least_steps, recipe.chains.noise) = (Some(1), false);
    // Neither model learns, so that chains of three steps move three times as far as one.
    recipe.optimiser.energy_learning_rate = 1e-30;
    recipe.optimiser.vae_learning_rate = 1e-30;
    let moved: Vec<f64> =
        run(trainer(recipe.clone())).metrics.iter().map(|m| m.displacement).collect();
    let largest = moved.iter().copied().fold(0.0, f64::max);
    let steps = |share: f64| moved.iter().filter(|m| (*m / largest - share).abs() < 0.1).count();
    let counts = [steps(1.0 / 3.0), steps(2.0 / 3.0), steps(1.0)];
    assert_eq!(counts.iter().sum::<usize>(), 12, "{moved:?}");
    assert!(counts.iter().all(|count| *count > 0), "{counts:?}");
    recipe.chains.least_steps = Some(4);
    let message = recipe.validate().expect_err("more than steps").to_string();
    assert!(message.contains("chains.least_steps"), "{message}");
}

/// The noise of data changes geometrically, then stays.
#[test]
fn the_noise_of_data_follows_its_schedule() {
    let mut recipe = small_recipe();
    recipe.data.noise_std = 0.4;
    (recipe.data.noise_std_end, recipe.data.noise_decay_iterations) = (Some(0.1), Some(2));
    recipe.validate().expect("valid");
    let at: Vec<f64> = (0..4).map(|iteration| recipe.data_noise_at(iteration)).collect();
    let near = at.iter().zip([0.4, 0.2, 0.1, 0.1]).all(|(a, b)| (a - b).abs() < 1e-12);
    assert!(near, "{at:?}");
    recipe.data.noise_decay_iterations = None;
    let message = recipe.validate().expect_err("half of a schedule").to_string();
    assert!(message.contains("data.noise_std_end"), "{message}");
}

/// Quiet steps come last and descend: the states before them have noise.
#[test]
fn the_last_sampling_steps_can_be_quiet() {
    let mut recipe = small_recipe();
    let sampled = |quiet: usize, steps: usize, recipe: &mut Recipe| {
        (recipe.chains.quiet_steps, recipe.chains.noise) = (quiet, true);
        let request = SampleRequest::new(5, Key::new(2)).steps(steps).film_strip(5, steps + 1);
        trainer(recipe.clone()).sample(request).expect("finite")
    };
    let loud = sampled(0, 4, &mut recipe);
    let both = sampled(3, 7, &mut recipe);
    assert_eq!(both.strip.len(), 8);
    assert_eq!(both.energies.expect("an energy").dims(), [7, 5]);
    let exact = Tolerance::<f32>::absolute(0.0);
    both.strip[4].clone().into_data().assert_approx_eq(&loud.refined.into_data(), exact);
    // A quiet step is the drift alone.
    let model = trainer(recipe.clone()).model(None).expect("an energy");
    let (_, gradient) = model.energy_and_gradient(both.strip[6].clone());
    let drift = gradient * (0.5 * recipe.chains.step_size.powi(2));
    let expected = (both.strip[6].clone() - drift).into_data();
    both.refined.into_data().assert_approx_eq(&expected, Tolerance::<f32>::absolute(1e-6));
}

/// The limit of singular values reaches the energy.
#[test]
fn singular_values_are_limited() {
    let mut recipe = small_recipe();
    let stiff = |recipe: &Recipe| {
        let metrics = run(trainer(recipe.clone())).metrics;
        metrics.last().and_then(|m| m.stiffness).expect("measured")
    };
    let free = stiff(&recipe);
    recipe.optimiser.spectral_limit = Some(0.5);
    let limited = stiff(&recipe);
    assert!(limited < 0.5 * free, "{limited}, {free}");
}

/// Adam's first step is lr · g/(|g| + ε): with ε far below the gradients, every parameter moves by
/// lr.
#[test]
fn both_learning_rates_reach_their_models_and_decay() {
    #[derive(Default)]
    struct Parameters(Vec<f64>);
    impl ModuleVisitor for Parameters {
        fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
            self.0.extend(param.val().into_data().iter::<f64>());
        }
    }
    fn parameters(module: &impl Module) -> Vec<f64> {
        let mut parameters = Parameters::default();
        module.visit(&mut parameters);
        parameters.0
    }
    let mut recipe = small_recipe();
    recipe.optimiser.energy_learning_rate = 1e-2;
    recipe.optimiser.vae_learning_rate = 1e-3;
    recipe.optimiser.epsilon = 1e-20;
    (recipe.optimiser.decay, recipe.optimiser.decay_epochs) = (0.5, 2.0);
    for (epoch, decay) in [(0, 1.0), (2, 0.5), (4, 0.25)] {
        let mut trainer = trainer(recipe.clone());
        let before = (parameters(trainer.energy()), parameters(trainer.vae().expect("a VAE")));
        trainer.step(Batch::new(images(0), epoch)).expect("finite");
        let after = (parameters(trainer.energy()), parameters(trainer.vae().expect("a VAE")));
        let largest =
            |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
        let energy = largest(&before.0, &after.0);
        let vae = largest(&before.1, &after.1);
        assert!((energy / (1e-2 * decay) - 1.0).abs() < 1e-2, "epoch {epoch}: θ moved by {energy}");
        assert!((vae / (1e-3 * decay) - 1.0).abs() < 1e-2, "epoch {epoch}: φ moved by {vae}");
    }
}

#[test]
fn a_batch_of_another_shape_is_refused() {
    let error = trainer(small_recipe())
        .step(Batch::new(Tensor::<4>::zeros([8, 3, 28, 28], &Device::flex()), 0))
        .expect_err("three channels");
    assert!(error.to_string().contains("[8, 3, 28, 28]"), "{error}");
}

/// Langevin lowers the energy that it descends, and the strip shows the states from x₀ to x_T.
#[test]
fn samples_come_with_their_strip() {
    let trainer = trainer(small_recipe());
    let samples = trainer
        .sample(SampleRequest::new(5, Key::new(2)).steps(20).film_strip(3, 11))
        .expect("finite");
    assert_eq!(samples.strip.len(), 11);
    let first = samples.start.narrow(0, 0, 3).into_data();
    samples.strip[0].clone().into_data().assert_approx_eq(&first, Tolerance::<f32>::absolute(0.0));
    let last = samples.refined.narrow(0, 0, 3).into_data();
    samples.strip[10].clone().into_data().assert_approx_eq(&last, Tolerance::<f32>::absolute(0.0));
    let energies = samples.energies.expect("an energy");
    let means: Vec<f32> = energies.mean_dim(1).into_data().iter::<f32>().collect();
    assert!(means[19] < means[0], "mean energy went from {} to {}", means[0], means[19]);
}

/// Each embedded recipe's networks fit its images and make an iteration.
#[test]
fn every_recipe_makes_an_iteration() {
    for summary in Recipe::list().expect("embedded recipes are valid") {
        let name = format!("{}-quick", summary.name);
        let mut recipe = Recipe::embedded(&name).expect("embedded");
        (recipe.chains.count, recipe.chains.steps) = (2, 1);
        if let StudentRecipe::Replay(settings) = &mut recipe.student {
            settings.buffer = 4;
        }
        recipe.data.batch = 2;
        let image = match &*recipe.data.set {
            "cifar10" | "facades" | "openmoji" => ImageShape::new(3, 32),
            "digits" | "mnist" | "fashion-mnist" => ImageShape::new(1, 28),
            _ => ImageShape::new(2, 1),
        };
        let images = Key::new(1).normal(image.batch(2), &Device::flex());
        let given = recipe.condition.as_ref();
        // The other images of pairs only the data know.
        let condition = given.map(|c| {
            let other = || Condition::Image(images.clone());
            c.of(&images, &[0, 1], Key::new(2)).unwrap_or_else(other)
        });
        let mut trainer = Trainer::new(recipe, image, &Device::flex()).expect(&name);
        let metrics = trainer.step(Batch::new(Examples::new(images, condition), 0)).expect(&name);
        assert!(metrics.energy_loss.is_some_and(f64::is_finite), "{name}: {metrics:?}");
    }
}

/// A checkpoint of the time when recipes held the keys of all students: written with `two-moons`,
/// smaller networks and `[student] kind = "variational"` beside `buffer`, `restart` and
/// `latent_steps`.
#[test]
fn a_checkpoint_of_format_2_goes_on() {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/format_2");
    let mut trainer = Trainer::load(&path, &Device::flex()).expect("readable");
    assert_eq!(trainer.iteration(), 1);
    let mut student = VariationalRecipe::new(0.01);
    student.decoder_std = 0.1;
    assert_eq!(trainer.recipe().student, student.into());
    let points = Key::new(1).normal::<4>([4, 2, 1, 1], &Device::flex());
    let metrics = trainer.step(Batch::new(points, 0)).expect("finite");
    assert_eq!(metrics.iteration, 1);
    let folder = tempfile::tempdir().expect("a temporary folder");
    trainer.save(&folder.path().join("2")).expect("writable");
    let again = Trainer::load(&folder.path().join("2"), &Device::flex()).expect("readable");
    assert_eq!(again.recipe(), trainer.recipe());
}

/// A registry names the parts of a run without building its student: both must agree.
#[test]
fn students_have_the_parts_that_their_kind_names() {
    for student in students() {
        let trainer = trainer(recipe_of(student.clone()));
        for (part, there) in [
            (Part::Energy, trainer.energies(images(0)).is_ok()),
            (Part::Decoder, trainer.decoder().is_ok()),
            (Part::Encoder, trainer.encoder().is_ok()),
        ] {
            assert_eq!(there, student.has(part), "{student:?}: {part}");
        }
    }
    let message =
        trainer(recipe_of(noise())).decoder().expect_err("it decodes nothing").to_string();
    let expected = "this needs a decoder, which a run with student.kind = \"noise\" lacks; \
                    variational, generator, vae-on-data have it";
    assert_eq!(message, expected);
}
