//! Embedded recipes, layers and messages.

use ebm_networks::{ConvEnergyConfig, EnergyConfig};
use ebm_vae::VaeConfig;

use super::*;
use crate::{
    ChainRecipe, HiddenCondition, OptimiserRecipe, Shuffle, StudentRecipe, VaeOnDataRecipe,
    VariationalRecipe,
};

#[test]
fn embedded_recipes_are_valid_sorted_and_survive_a_round_trip() {
    assert!(EMBEDDED.is_sorted_by_key(|(name, _)| *name));
    for (name, _) in EMBEDDED {
        for name in [name.to_owned(), format!("{name}{QUICK}")] {
            let recipe = Recipe::embedded(&name).expect(&name);
            assert_eq!(recipe.name, name);
            let text = recipe.to_toml().expect(&name);
            assert_eq!(Recipe::from_toml(&text, &name).expect(&name), recipe);
        }
    }
}

/// The released settings, as the networks' constructors know them.
#[test]
fn mnist_has_the_released_networks_and_settings() {
    let recipe = Recipe::embedded("mnist").expect("embedded");
    assert_eq!(recipe.energy, ConvEnergyConfig::mnist().into());
    assert_eq!(recipe.vae, VaeConfig::mnist());
    let chains = ChainRecipe {
        count: 400,
        steps: 50,
        least_steps: None,
        step_size: 0.001,
        noise: false,
        noise_until_epoch: None,
        reference_std: Some(0.016),
        temperature: 1.0,
        gradient_clip: None,
        walls: Walls::None,
        allow_mismatch: false,
        sampling_steps: 30,
        quiet_steps: 0,
        denoise: false,
    };
    assert_eq!(recipe.chains, chains);
    let optimiser = OptimiserRecipe {
        energy_learning_rate: 0.009,
        vae_learning_rate: 1e-4,
        beta_1: 0.5,
        energy_beta_1: None,
        beta_2: 0.999,
        epsilon: 1e-8,
        decay: 0.98,
        decay_epochs: 20.0,
        decay_iterations: None,
        energy_regulariser: 0.0,
        energy_weight_decay: 0.0,
        control: None,
        spectral_limit: None,
        condition_weight: 0.0,
        ema_decay: None,
    };
    assert_eq!(recipe.optimiser, optimiser);
    assert_eq!(recipe.student, VariationalRecipe::new(3.0).into());
    assert_eq!(recipe.data.batch, 400);
    // ×0.98 every 20 epochs, continuously.
    assert!((recipe.decay_at(3, 20) - 0.98).abs() < 1e-12);
    assert!((recipe.decay_at(3, 10) - 0.98_f64.sqrt()).abs() < 1e-12);
    // Or by iterations, whatever the epoch.
    let mut recipe = recipe;
    recipe.optimiser.decay_iterations = Some(6);
    assert!((recipe.decay_at(3, 10) - 0.98_f64.sqrt()).abs() < 1e-12);
}

/// The released settings; the networks have the released parameter counts in their own crates.
#[test]
fn cifar10_has_the_released_networks_and_settings() {
    let recipe = Recipe::embedded("cifar10").expect("embedded");
    assert_eq!(recipe.energy, ConvEnergyConfig::cifar().into());
    assert_eq!(recipe.vae, VaeConfig::cifar());
    let chains = &recipe.chains;
    assert_eq!((chains.count, chains.steps, chains.sampling_steps), (900, 15, 30));
    assert_eq!((chains.step_size, chains.reference_std), (0.002, Some(0.016)));
    assert_eq!(recipe.student, VariationalRecipe::new(2.0).into());
    assert_eq!(recipe.data.batch, 250);
    assert_eq!(recipe.data.shuffle, Shuffle::Never);
    let optimiser = &recipe.optimiser;
    let rates = (optimiser.energy_learning_rate, optimiser.vae_learning_rate);
    assert_eq!((rates, optimiser.decay), ((0.009, 2e-4), 0.98));
}

/// Drift s·∇U and noise r of other programs, from δ and the temperature.
#[test]
fn steps_of_other_programs() {
    for (name, drift, noise) in [("short-run", 1.0, 0.01), ("replay", 40.0, 0.01)] {
        let chains = Recipe::embedded(name).expect(name).chains;
        let s = 0.5 * chains.step_size.powi(2) / chains.temperature;
        assert!((s / drift - 1.0).abs() < 1e-12 && chains.step_size == noise, "{name}: {s}");
    }
}

/// A residual network over a convolutional recipe: the layers below are not its keys.
#[test]
fn another_network_replaces_the_one_below() {
    let text = "extends = \"mnist\"\n[energy]\nnetwork = \"residual\"\nchannels = [8, 16]\n\
                blocks = 1\nspectral_norm = true\n";
    let recipe = Recipe::from_toml(text, "test").expect("valid");
    assert!(matches!(recipe.energy, EnergyConfig::Residual(_)));
    let text = recipe.to_toml().expect("valid");
    assert_eq!(Recipe::from_toml(&text, "test").expect("valid"), recipe);
}

#[test]
fn an_extending_recipe_changes_only_what_it_says() {
    let text = "extends = \"mnist\"\nseed = 7\n[chains]\nnoise = true\nreference_std = \"none\"";
    let recipe = Recipe::from_toml(text, "test").expect("valid");
    let mut expected = Recipe::embedded("mnist").expect("embedded");
    expected.seed = 7;
    expected.chains.noise = true;
    expected.chains.reference_std = None;
    assert_eq!(recipe, expected);
    let settings = ["seed=7", "chains.noise = true", "chains.reference_std=none"];
    let set = Recipe::open("mnist", false, &settings.map(String::from)).expect("valid");
    assert_eq!(set, expected);
    let student = Recipe::open("mnist", true, &["student.kind=replay".into()]).expect("valid");
    assert_eq!((student.student.kind(), &*student.name), ("replay", "mnist-quick"));
}

/// Another kind keeps the keys that it shares with the one below, and drops the others.
#[test]
fn another_kind_keeps_the_keys_that_it_shares() {
    let open = |name: &str, settings: &[&str]| {
        let settings: Vec<_> = settings.iter().map(ToString::to_string).collect();
        Recipe::open(name, false, &settings)
    };
    let student = open("openmoji", &["student.kind=vae-on-data"]).expect("valid").student;
    let mut expected = VaeOnDataRecipe::new(0.05);
    expected.ema_decay = Some(0.995);
    assert_eq!(student, expected.into());
    // A key may precede its kind.
    let settings = ["student.latent_steps=5", "student.kind=generator"];
    let student = open("two-moons", &settings).expect("valid").student;
    let StudentRecipe::Generator(generator) = &student else { panic!("{student:?}") };
    assert_eq!((generator.latent_steps, generator.decoder_std), (5, 0.1));
    // The hole is not a key of pairs.
    let condition = open("facades", &["condition.kind=hidden"]).expect("valid").condition;
    assert_eq!(condition, Some(HiddenCondition::default().into()));
}

#[test]
fn noise_ends_at_its_epoch() {
    let settings = ["chains.noise=true", "chains.noise_until_epoch=3"].map(String::from);
    let recipe = Recipe::open("mnist", false, &settings).expect("valid");
    assert_eq!([2, 3].map(|epoch| recipe.noise_at(epoch)), [true, false]);
}

#[test]
fn errors_name_the_key() {
    let cases = [
        ("extends = \"mnist\"\nsteps = 3", "unknown field `steps`"),
        (
            "extends = \"mnist\"\n[chains]\nstep_size = -1.0",
            "chains.step_size is -1; it must be positive",
        ),
        ("extends = \"mnist\"\n[energy]\nlayers = []", "energy.layers is empty"),
        ("extends = \"nonsense\"", "embedded are checkerboard, cifar10, cifar10-completion"),
        ("extends = \"mnist\"\nname = \"../up\"", "name is \"../up\""),
        ("name = \"x\"", "missing field"),
        ("extends = \"mnist\"\n[vae]\nlatent = 0", "vae.latent is 0"),
        (
            "extends = \"coopnets\"\n[student]\nkind = \"variational\"",
            "missing field `kl_weight` in `student`",
        ),
        (
            "extends = \"mnist\"\n[student]\nkind = \"teacher\"",
            "must be one of variational, generator, noise",
        ),
        (
            "extends = \"mnist\"\n[student]\nkind = \"data\"\n[data]\nbatch = 100",
            "chains.count is 400; it must be at most data.batch",
        ),
        (
            "extends = \"mnist\"\n[student]\nkind = \"replay\"\nbuffer = 300",
            "student.buffer is 300; it must be in 400..=",
        ),
        (
            "extends = \"mnist\"\n[[vae.decoder.layers]]\n\
             channels = 16384\nkernel = 16384\nstride = 1\nsize = 28\nnorm = false",
            "at most 268435456 are allowed",
        ),
        ("not toml", "not valid"),
    ];
    for (text, expected) in cases {
        let message = Recipe::from_toml(text, "test").expect_err(text).to_string();
        assert!(message.contains(expected), "{text:?} gave {message:?}");
    }
    for (setting, expected) in [
        ("chains.steps", "key=value"),
        (
            "student.buffer=5",
            "student.buffer does not belong to student.kind = \"variational\", whose keys are \
             kl_weight, decoder_std, latent_step_size, ema_decay",
        ),
        ("chains.stepz=3", "unknown field `stepz`"),
        ("chains.steps=many", "invalid type: string \"many\""),
        ("a b=3", "the key must be"),
    ] {
        let error = Recipe::open("mnist", false, &[setting.into()]).expect_err(setting).to_string();
        assert!(error.contains(expected), "{setting:?} gave {error}");
        assert_eq!(error.lines().count(), 1, "{setting:?} gave {error}");
    }
}
