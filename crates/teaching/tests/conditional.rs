//! Algorithm 1 given a class or a part of the image.

use burn::tensor::{Device, Tensor, Tolerance};
use ebm_noise::Key;
use ebm_teaching::{
    Batch, ClassCondition, ConditionRecipe, DataStudentRecipe, GeneratorRecipe, HiddenCondition,
    Hole, NoiseRecipe, Recipe, RecipeError, ReplayRecipe, SampleRequest, Samples, StepMetrics,
    StudentRecipe, TeachingError, Trainer, VaeOnDataRecipe, VariationalRecipe, Walls,
};
use ebm_tensor::{Condition, Examples, ImageShape};

/// Returns a small recipe, with a condition of each kind.
fn recipe(condition: ConditionRecipe, student: StudentRecipe) -> Recipe {
    let mut recipe = Recipe::embedded("digits-by-class").expect("embedded");
    recipe.data.batch = 8;
    (recipe.chains.count, recipe.chains.steps) = (8, 3);
    (recipe.student, recipe.condition) = (student, Some(condition.clone()));
    if matches!(condition, ConditionRecipe::Hidden(_)) {
        // Conditions with pixels enter where x does.
        let text = toml::to_string(&recipe).expect("serialises");
        let text = text.replace("layer = 2", "layer = 0").replace("layer = 1", "layer = 0");
        return Recipe::from_toml(&text, "test").expect("valid");
    }
    recipe
}

fn class() -> ConditionRecipe {
    ClassCondition::default().into()
}

/// Returns a condition of hidden blocks, which chains hold or not, and γ.
fn blocks(hold: bool, l1_weight: f64) -> ConditionRecipe {
    let mut settings = HiddenCondition::default();
    (settings.hole, settings.hold, settings.l1_weight) = (Hole::Blocks, hold, l1_weight);
    settings.into()
}

fn kinds() -> [ConditionRecipe; 2] {
    [class(), blocks(false, 0.0)]
}

fn variational() -> StudentRecipe {
    VariationalRecipe::new(3.0).into()
}

fn generator() -> StudentRecipe {
    let mut settings = GeneratorRecipe::default();
    settings.latent_steps = 2;
    settings.into()
}

fn noise() -> StudentRecipe {
    NoiseRecipe::default().into()
}

fn from_data() -> StudentRecipe {
    DataStudentRecipe::default().into()
}

fn students() -> [StudentRecipe; 5] {
    [variational(), generator(), noise(), from_data(), VaeOnDataRecipe::new(3.0).into()]
}

fn sampled(trainer: &Trainer, condition: Condition, key: u64) -> Samples {
    let count = condition.len();
    let request = SampleRequest::new(count, Key::new(key)).given(condition).steps(3);
    trainer.sample(request).expect("finite")
}

fn trainer(recipe: Recipe) -> Trainer {
    Trainer::new(recipe, ImageShape::new(1, 28), &Device::flex()).expect("the recipe is valid")
}

/// Bars whose number is their class.
fn batch(recipe: &Recipe, iteration: u64) -> Batch {
    let labels: Vec<u8> = (0..8).map(|i| ((i + iteration) % 10) as u8).collect();
    let columns = Tensor::<1, burn::tensor::Int>::arange(0..28, &Device::flex()).float() / 2.8;
    let bar = |label: &u8| {
        let bright = columns.clone().lower_equal_elem(f32::from(*label)).float();
        (bright * 2.0 - 1.0).reshape([1, 1, 1, 28]).repeat_dim(2, 28)
    };
    let images: Tensor<4> = Tensor::cat(labels.iter().map(bar).collect(), 0);
    let condition = recipe.condition.as_ref().expect("conditional");
    let condition = condition.of(&images, &labels, Key::new(7).fold(iteration));
    Batch::new(Examples::new(images, condition), iteration / 2)
}

#[test]
fn a_resumed_conditional_run_equals_an_unbroken_one() {
    let pairs = kinds().into_iter().flat_map(|k| students().map(|s| (k.clone(), s)));
    for (kind, student) in pairs {
        let recipe = recipe(kind.clone(), student.clone());
        let steps = |trainer: &mut Trainer, from: u64| -> Vec<StepMetrics> {
            let step = |i| trainer.step(batch(&recipe, i)).expect("finite");
            (from..from + 2).map(step).collect()
        };
        let mut unbroken = trainer(recipe.clone());
        steps(&mut unbroken, 0);
        let folder = tempfile::tempdir().expect("a temporary folder");
        unbroken.save(&folder.path().join("2")).expect("writable");
        let rest = steps(&mut unbroken, 2);
        let path = folder.path().join("2");
        let mut resumed = Trainer::load(&path, &Device::flex()).expect("readable");
        assert_eq!(steps(&mut resumed, 2), rest, "{kind:?}, {student:?}");
        let sample = |trainer: &Trainer| {
            let c = batch(&recipe, 0).examples.condition.expect("conditional");
            sampled(trainer, c, 1).refined.into_data()
        };
        sample(&resumed).assert_eq(&sample(&unbroken), true);
    }
}

/// After some training, another condition leads to other samples and other energies, and only in
/// its own chain.
#[test]
fn conditions_matter_to_their_own_chain() {
    for kind in kinds() {
        let recipe = recipe(kind.clone(), noise());
        let mut trainer = trainer(recipe.clone());
        for i in 0..4 {
            trainer.step(batch(&recipe, i)).expect("finite");
        }
        let Examples { images, condition: Some(condition) } = batch(&recipe, 0).examples else {
            panic!("no condition");
        };
        // The first one's condition goes to the last as well.
        let other = condition.clone().narrow(0, 7).concat(condition.clone().narrow(0, 1));
        let numbers = |x: Tensor<4>| -> Vec<f32> { x.into_data().iter().collect() };
        let run = |condition: &Condition| {
            let start = Examples::new(images.clone(), Some(condition.clone()));
            let refined = trainer.refine(start.clone(), 3, Key::new(3), |_, _| {});
            let energies = trainer.energies(start);
            let energies: Vec<f32> = energies.expect("finite").into_data().iter().collect();
            (numbers(refined.expect("finite").0), energies)
        };
        let ((x, u), (y, v)) = (run(&condition), run(&other));
        assert_eq!(x[..7 * 784], y[..7 * 784], "{kind:?}");
        assert_ne!(x[7 * 784..], y[7 * 784..], "{kind:?}");
        assert_eq!(u[..7], v[..7]);
        assert_ne!(u[7], v[7]);
    }
}

/// Observed pixels are in every sample as the condition has them, and hidden ones are not.
#[test]
fn observed_pixels_are_held() {
    for student in students() {
        let seen_alone = |recipe: &Recipe| {
            let mut trainer = trainer(recipe.clone());
            trainer.step(batch(recipe, 0)).expect("finite");
            let Examples { images, condition: Some(Condition::Image(condition)) } =
                batch(recipe, 1).examples
            else {
                panic!("no condition");
            };
            let [seen, mask] = [0, 1].map(|channel| condition.clone().narrow(1, channel, 1));
            let samples = sampled(&trainer, Condition::Image(condition), 1);
            let largest = |x: Tensor<4>| x.abs().max().into_scalar::<f32>();
            [samples.start, samples.refined].map(|x| {
                let wrong = largest(x.clone() * mask.clone() - seen.clone());
                let hidden = largest((x - images.clone()) * (mask.clone().neg() + 1.0));
                (wrong == 0.0, hidden > 0.01)
            })
        };
        for hold in [false, true] {
            let recipe = recipe(blocks(hold, 0.0), student.clone());
            assert_eq!(seen_alone(&recipe), [(hold, true); 2], "{student:?}");
        }
    }
}

/// In training too: of chains that hardly move, those from noise come no nearer to the observed
/// pixels, and those from data stay the noisy data.
#[test]
fn observed_pixels_are_held_in_training() {
    let step = |student| {
        let mut recipe = recipe(blocks(true, 0.0), student);
        recipe.data.noise_std = 0.1;
        let chains = &mut recipe.chains;
        (chains.step_size, chains.noise, chains.walls) = (1e-6, false, Walls::None);
        trainer(recipe.clone()).step(batch(&recipe, 0)).expect("finite")
    };
    let moved = step(noise()).displacement;
    assert!(moved < 1e-3, "{moved}");
    let metrics = step(from_data());
    let [distance, f] = [metrics.energy_loss, metrics.f_data].map(|f| f.expect("an energy").abs());
    assert!(distance < 1e-4 * f.max(1.0), "{metrics:?}");
}

#[test]
fn conditions_that_do_not_fit_are_refused() {
    let class = recipe(class(), variational());
    let mut conditional = trainer(class.clone());
    let images = batch(&class, 0).examples.images;
    let error = conditional.step(Batch::new(images.clone(), 0)).expect_err("it has none");
    let expected = "no conditions; the run takes 8 conditions (one of 10 classes)";
    assert_eq!(error.to_string(), expected);
    let c = Condition::one_hot(&[1; 8], 9, &Device::flex());
    let error = conditional
        .energies(Examples::new(images.clone(), Some(c.clone())))
        .expect_err("9 classes");
    assert!(error.to_string().starts_with("8 conditions (one of 9 classes)"), "{error}");
    let mut unconditional = class.clone();
    (unconditional.condition, unconditional.optimiser.condition_weight) = (None, 0.0);
    let request = SampleRequest::new(8, Key::new(0)).given(c).steps(1);
    let error = trainer(unconditional).sample(request);
    assert!(matches!(error, Err(TeachingError::Condition { expected: None, .. })));

    // Recipes that make no sense.
    let refused = |change: fn(&mut Recipe)| {
        let mut recipe = class.clone();
        change(&mut recipe);
        recipe.validate().expect_err("it makes no sense").to_string()
    };
    assert!(
        refused(|r| r.chains.count = 9).starts_with("chains.count is 9; it must be data.batch")
    );
    let replay = refused(|r| r.student = ReplayRecipe::default().into());
    assert!(replay.starts_with("student.kind is replay"), "{replay}");
    let held = refused(|r| {
        let mut settings = HiddenCondition::default();
        (settings.hold, settings.mask) = (true, false);
        r.condition = Some(settings.into());
    });
    assert!(held.starts_with("condition.hold is true; it must be false, unless"), "{held}");
    let weight = refused(|r| (r.condition, r.optimiser.condition_weight) = (None, 1.0));
    assert!(
        weight.starts_with("optimiser.condition_weight is 1; it must be 0 without a [condition]"),
        "{weight}"
    );
    let text = toml::to_string(&class).expect("serialises");
    for (from, to, message) in [
        ("layer = 2", "layer = 9", "energy.condition.layer is 9; it must be one of the layers"),
        (
            "kind = \"class\"\nclasses = 10",
            "kind = \"hidden\"",
            "energy.condition.layer is 2; it must be 0",
        ),
    ] {
        let recipe = Recipe::from_toml(&text.replace(from, to), "test").expect("in range");
        let error =
            Trainer::new(recipe, ImageShape::new(1, 28), &Device::flex()).map(drop).expect_err(to);
        assert!(matches!(error, TeachingError::Recipe(RecipeError::Network(_))));
        assert!(error.to_string().starts_with(message), "{error}");
    }
}

/// A decoder that normalises by its batch decodes one sample as it does all.
#[test]
fn a_sample_is_the_same_alone_and_in_a_batch() {
    let device = Device::flex();
    let mut recipe = recipe(class(), variational());
    (recipe.chains.count, recipe.data.batch) = (20, 20);
    let of_classes = trainer(recipe.clone());
    recipe.condition = None;
    let text = toml::to_string(&recipe).expect("serialises");
    let lines = text.lines().filter(|line| !line.starts_with("condition"));
    let text = lines.collect::<Vec<_>>().join("\n");
    let plain = Recipe::from_toml(&text, "test").expect("valid");
    let unconditional = trainer(plain);
    let start = |trainer: &Trainer, labels: Option<&[u8]>, count: usize| {
        let condition = labels.map(|labels| Condition::one_hot(labels, 10, &device));
        let request = SampleRequest::new(count, Key::new(3)).given(condition).steps(1);
        trainer.sample(request).expect("finite").start
    };
    // In the order in which one is filled up to a batch.
    let all: Vec<u8> = (0..20).map(|i| i / 2).collect();
    for (alone, among) in [
        (start(&of_classes, Some(&[0]), 1), start(&of_classes, Some(&all), 20)),
        (start(&unconditional, None, 1), start(&unconditional, None, 20)),
    ] {
        let among = among.narrow(0, 0, 1).into_data();
        alone.into_data().assert_approx_eq(&among, Tolerance::<f32>::absolute(1e-5));
    }
}

/// Data reach the student by their distance, if the recipe says so, and by nothing else.
#[test]
fn the_distance_from_data_is_blended_in() {
    for student in [variational(), generator()] {
        let after = |l1_weight: f64, negate: bool| {
            let recipe = recipe(blocks(false, l1_weight), student.clone());
            let mut trainer = trainer(recipe.clone());
            let mut batch = batch(&recipe, 0);
            if negate {
                batch.examples.images = batch.examples.images.neg();
            }
            trainer.step(batch).expect("finite");
            let (z, seen) = (
                Tensor::ones([2, 24], &Device::flex()),
                Tensor::zeros([2, 2, 28, 28], &Device::flex()),
            );
            let vae = trainer.vae().expect("a VAE");
            vae.decode(z, Some(&Condition::Image(seen)))
                .into_data()
                .iter::<f32>()
                .collect::<Vec<_>>()
        };
        assert_eq!(after(0.0, false), after(0.0, true));
        assert_ne!(after(0.2, false), after(0.2, true));
        assert_ne!(after(0.2, false), after(0.0, false));
    }
    let mut recipe = recipe(blocks(false, 0.2), variational());
    recipe.student = noise();
    let error = recipe.validate().expect_err("of a student without a decoder").to_string();
    assert!(error.contains("condition.l1_weight is 0.2"), "{error}");
}
