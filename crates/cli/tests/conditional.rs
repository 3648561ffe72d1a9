//! Runs that learn images given their class, the pixels around a hole, or another image.

mod common;
mod runs;

use std::fs;
use std::path::Path;

use burn::tensor::{Device, Tensor};
use ebm::data::{Batches, digits};
use ebm::metrics::features::Classifier;
use ebm::noise::Key;
use ebm::teaching::{Batch, ConditionRecipe, Recipe, SampleRequest, Trainer};
use ebm::tensor::{Condition, Examples, ImageShape};
use serde_json::Value;

use common::{ebm, folder};
use runs::{ask, json, refusal, trained};

/// The settings that make a conditional run short.
const SMALL: [&str; 2] = ["chains.steps=3", "evaluation.images=20"];

#[test]
fn a_run_of_classes_is_asked() {
    let folder = folder();
    let measured = ["evaluation.final_samples=500", "evaluation.vae_alone=true"];
    let run = trained(folder.path(), "digits-by-class", &[&SMALL[..], &measured].concat());
    assert_measured(&run);
    let samples = fs::read_to_string(run.join("samples.jsonl")).expect("readable");
    assert!(samples.contains("accuracy_refined"), "{samples}");
    assert!(
        fs::read_to_string(run.join("report.html")).expect("readable").contains("class asked for")
    );

    let (threes, printed) =
        ask(&run, "threes", &["sample", "--class", "3", "--count", "5", "--steps", "2"]);
    assert!(printed.contains("% show the class asked for"), "{printed}");
    let (all, _) = ask(&run, "all", &["sample", "--count", "5", "--steps", "2"]);
    let array = |folder: &Path| fs::read(folder.join("x0.npy")).expect("readable");
    assert_ne!(array(&threes), array(&all));

    let asked = ["--features", "digits", "--metrics", "fd", "--steps", "2"];
    let asked = [&["eval", "--per-class", "--count", "140"][..], &asked].concat();
    let scores = fs::read_to_string(ask(&run, "eval", &asked).0.join("eval.jsonl"));
    let scores = scores.expect("readable");
    // x₀ and x_T of each class, each against its own images.
    assert_eq!(scores.lines().count(), 20, "{scores}");
    assert!((0..10).all(|class| scores.matches(&format!("\"class\":{class},")).count() == 2));
    assert!(scores.contains("digits (test), class 9"), "{scores}");

    let (out, printed) = ask(&run, "classify", &["classify", "--count", "40"]);
    assert!(printed.contains("accuracy"), "{printed}");
    let report = json(&out.join("classify.json"));
    let accuracy = report["calibration"][0]["accuracy"].as_f64().expect("a number");
    assert!((0.0..=1.0).contains(&accuracy));
    let losses = report["calibration"].as_array().expect("three");
    assert!(losses.iter().all(|c| c["log_loss"].as_f64().is_some_and(f64::is_finite)), "{report}");
    ask(&run, "refine", &["refine", "--class", "7", "--count", "2", "--steps", "2"]);
    ask(&run, "lines", &["interpolate", "--class", "7", "--count", "2", "--points", "3"]);
    ask(&run, "again", &["reconstruct", "--count", "4"]);
    ask(&run, "scores", &["score", "--count", "10", "--against", "noise"]);

    for (arguments, message) in [
        (
            &["sample", "--class", "10"][..],
            "class 10 was requested; the run has the classes 0 to 9",
        ),
        (&["complete"], "the run did not learn to complete images"),
        (&["eval", "--per-class", "--class", "3", "--features", "digits"], "cannot be used with"),
        (&["inpaint"], "this task is for unconditional runs"),
    ] {
        let said = refusal(&run, arguments);
        assert!(said.contains(message), "{said}");
    }
}

/// The measures at the end: every kind of samples with every measure, and the report shows them.
fn assert_measured(run: &Path) {
    let lines = fs::read_to_string(run.join("final.jsonl")).expect("readable");
    let lines: Vec<Value> =
        lines.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    for samples in ["x0", "refined", "floor", "vae"] {
        for score in ["FD", "precision", "recall", "rarest class", "accuracy"] {
            let of = |line: &&Value| {
                let named = line["score"].as_str().expect("a name");
                line["samples"] == samples && named.starts_with(&format!("{score}("))
            };
            assert_eq!(lines.iter().filter(of).count(), 1, "{score} of {samples}: {lines:?}");
        }
    }
    let value = |samples: &str, score: &str| {
        let found = lines.iter().find(|line| {
            line["samples"] == samples
                && line["score"].as_str().is_some_and(|s| s.starts_with(score))
        });
        found.and_then(|line| line["value"].as_f64()).expect("a number")
    };
    // Images of the training set show their class; those of two iterations do not.
    assert!(value("floor", "accuracy") > 0.95 && value("refined", "accuracy") < 0.5);
    assert!(value("floor", "FD") < 0.2 * value("refined", "FD"));
    assert!(value("floor", "rarest class") > 0.8);
    let report = fs::read_to_string(run.join("report.html")).expect("readable");
    assert!(report.contains("<td>vae</td><td>accuracy(digit classifier)</td>"));
}

#[test]
fn a_run_of_holes_is_asked() {
    const SIX_COMPLETIONS: [&str; 7] =
        ["complete", "--count", "6", "--completions", "2", "--steps", "2"];
    let folder = folder();
    let run = trained(folder.path(), "digits-completion", &SMALL);
    assert!(run.join("images/seen.png").exists());
    let (out, printed) =
        ask(&run, "complete", &[&SIX_COMPLETIONS[..], &["--split", "train"]].concat());
    assert_nearest_is_exact(&printed);
    let report = json(&out.join("completion.json"));
    assert_eq!(report["ways"].as_array().expect("six ways").len(), 6);
    // The embedded digits are their own nearest images, to the last hidden pixel.
    assert_eq!(report["ways"][1]["PSNR"], Value::Null, "{report}");
    for (arguments, message) in [
        (&["classify"][..], "the run learned no classes"),
        (&["eval", "--per-class", "--features", "digits"], "the run learned no classes"),
        (&["sample", "--class", "1"], "the run's condition is an image"),
    ] {
        let said = refusal(&run, arguments);
        assert!(said.contains(message), "{said}");
    }
}

fn assert_nearest_is_exact(printed: &str) {
    let nearest = printed.lines().find(|line| line.starts_with("nearest image: "));
    let exact = nearest.is_some_and(|line| line.contains("PSNR inf, SSIM 1.000"));
    assert!(exact, "{printed}");
}

/// Pictures of a pair side by side: noise on the right, its negative on the left.
#[test]
fn pairs_are_learned_from_pictures() {
    let folder = folder();
    for i in 0..4_u8 {
        let path = folder.path().join(format!("pairs/train/{i}.png"));
        fs::create_dir_all(path.parent().expect("a folder")).expect("writable");
        let picture = image::RgbImage::from_fn(64, 32, |x, y| {
            let value = (x % 32 * 7 + y * 5 + 40 * u32::from(i)) as u8;
            image::Rgb([if x < 32 { 255 - value } else { value }; 3])
        });
        picture.save(&path).expect("writable");
    }
    let run = folder.path().join("run");
    let set = format!("data.set={}", folder.path().join("pairs").display());
    ebm(&["train", "facades-quick", "--device", "cpu", "--set", &set, "--run-dir"])
        .arg(&run)
        .assert()
        .success();
    assert!(run.join("images/seen.png").exists());
    let (out, _) = ask(&run, "samples", &["sample", "--split", "train", "--count", "2"]);
    assert!(out.join("refined.png").exists());
    ask(&run, "again", &["reconstruct", "--split", "train", "--count", "2"]);
    // The nearest image is found by the conditions, which determine it here.
    let asked = ["complete", "--split", "train", "--count", "3", "--features", "pixels"];
    let (out, printed) = ask(&run, "complete", &asked);
    assert_nearest_is_exact(&printed);
    assert!(out.join("complete.png").exists());
    let said = refusal(&run, &["sample", "--set", "digits"]);
    assert!(said.contains("digits"), "{said}");
}

/// A matrix with two bases of one recipe and one of classes: each run has measures and a picture.
#[test]
fn a_matrix_measures_completions_and_classes() {
    let folder = folder();
    let matrix = folder.path().join("matrix.toml");
    let small = "settings = [\"iterations=2\", \"evaluation.images=4\"]\n";
    let text = format!(
        "seeds = [3]\n\
         [[bases]]\nrecipe = \"digits-completion\"\nname = \"few\"\n\
         completion = {{ images = 12, times = 2 }}\n\
         [[bases]]\nrecipe = \"digits-completion\"\nname = \"many\"\n\
         completion = {{ images = 140, times = 1 }}\n\
         [[bases]]\nrecipe = \"digits-by-class\"\n\
         [[cases]]\nname = \"VAE, alone\"\nsettings = [\"student.kind=vae-on-data\"]\n\
         [[cases]]\nname = \"variational\"\n{small}"
    );
    fs::write(&matrix, text).expect("writable");
    let out = folder.path().join("out");
    let matrix = matrix.display().to_string();
    ebm(&["ablate", &matrix, "--quick", "--out"]).arg(&out).assert().success();
    let page = fs::read_to_string(out.join("ablations.html")).expect("text");
    let table = fs::read_to_string(out.join("ablations.csv")).expect("text");
    for name in ["001-few-variational", "002-many-VAE--alone", "005-digits-by-class-variational"] {
        let picture = format!("{name}-3.png");
        assert!(page.contains(&picture), "{picture} is not in {page}");
        assert!(out.join("images").join(&picture).is_file(), "{picture}");
    }
    // A Fréchet distance needs more images than the classifier has features, a kernel distance does
    // not.
    let measured = |base: &str, measure: &str| {
        table.lines().any(|line| line.starts_with(&format!("\"{base}\"")) && line.contains(measure))
    };
    assert!(
        measured("many", "FD(digit classifier), x₀")
            && measured("many", "KD(digit classifier), x₀"),
        "{table}"
    );
    assert!(!measured("few", "FD(digit") && measured("few", "KD(digit classifier), x₀"), "{table}");
    assert!(measured("digits-by-class", "accuracy of x_T"), "{table}");
}

/// Trains on the embedded digits below `classes`.
fn learned(name: &str, classes: u8, iterations: u64) -> (Trainer, Recipe) {
    let device = Device::flex();
    let mut recipe = Recipe::embedded(name).expect("embedded");
    recipe.chains.steps = 8;
    let (set, key) = (digits().expect("embedded"), Key::new(1));
    // Sorted by class.
    let len = set.labels().iter().filter(|&&label| label < classes).count();
    let mut batches = Batches::new(len, recipe.data.batch, key).expect("of a size");
    let mut trainer = Trainer::new(recipe.clone(), ImageShape::new(1, 28), &device).expect("valid");
    for iteration in 0..iterations {
        let indices = batches.indices(iteration);
        let images = set.batch(&indices, &device);
        let labels: Vec<u8> = indices.iter().map(|&i| set.labels()[i]).collect();
        let condition = recipe.condition.as_ref().expect("conditional");
        let condition = condition.of(&images, &labels, key.fold(iteration));
        trainer.step(Batch::new(Examples::new(images, condition), 0)).expect("finite");
    }
    (trainer, recipe)
}

/// Samples follow their conditions: with the conditions of others, accuracy and fidelity fall.
#[test]
fn conditions_matter_after_training() {
    let device = Device::flex();
    let sample = |trainer: &Trainer, condition: Condition| {
        let count = condition.len();
        let request = SampleRequest::new(count, Key::new(3)).given(condition).steps(8);
        trainer.sample(request).expect("finite").refined
    };

    let (trainer, _) = learned("digits-by-class", 2, 180);
    let labels: Vec<u8> = (0..200).map(|i| i % 2).collect();
    let classifier = Classifier::digits(&device).expect("compiled in");
    let images = sample(&trainer, Condition::one_hot(&labels, 10, &device)).clamp(-1.0, 1.0);
    let seen = classifier.classify(images).expect("of its size");
    let accuracy = |shift: usize| {
        let asked = labels.iter().cycle().skip(shift);
        seen.iter().zip(asked).filter(|(seen, asked)| seen == asked).count()
    };
    let (own, others) = (accuracy(0), accuracy(1));
    assert!(own > others + 15, "of 200 samples {own} show the class, {others} another");

    let (trainer, recipe) = learned("digits-completion", 10, 160);
    let set = digits().expect("embedded");
    let images = set.batch(&(0..5_000).step_by(50).collect::<Vec<_>>(), &device);
    let condition = recipe.condition.expect("conditional");
    let ConditionRecipe::Hidden(hidden) = condition else { panic!("it hides") };
    let (seen, mask) = hidden.hide(images.clone(), Key::new(5));
    let error = |condition: Tensor<4>| -> f32 {
        let condition = Condition::Image(condition);
        let hidden = (sample(&trainer, condition) - images.clone()) * (mask.clone().neg() + 1.0);
        hidden.powi_scalar(2).sum().into_scalar()
    };
    let [own, others] = [seen.clone(), seen.flip([0])].map(error);
    assert!(own < 0.95 * others, "squared error {own}, {others} with other conditions");
}
