//! `ebm train --resume`: a run that goes on equals one that never stopped, and nothing is lost.

mod common;

use std::fs;
use std::path::Path;

use assert_cmd::Command;
use common::{ebm, folder, refused};
use serde_json::Value;

/// Trains a tiny run with a number of iterations, a checkpoint and previews after every third.
fn train(run: &Path, iterations: u64) {
    let settings = [
        format!("iterations={iterations}"),
        "evaluation={every=3,checkpoint_every=3,images=4}".into(),
        "chains={count=4,steps=2,sampling_steps=2}".into(),
        "data.batch=4".into(),
    ];
    let mut command = ebm(&["train", "--quick", "--device", "cpu", "--run-dir"]);
    command.arg(run).args(settings.iter().flat_map(|setting| ["--set", setting]));
    command.assert().success();
}

fn resume(from: &Path, settings: &[&str]) -> Command {
    let mut command = ebm(&["train", "--device", "cpu", "--resume"]);
    command.arg(from).args(settings.iter().flat_map(|setting| ["--set", setting]));
    command
}

fn text(path: impl AsRef<Path>) -> String {
    let path = path.as_ref();
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn assert_same(one: &Path, other: &Path) {
    // The states of optimisers are listed by random names.
    for file in ["energy.bpk", "vae.bpk", "recipe.toml"] {
        let read = |run: &Path| fs::read(run.join("checkpoints/0000012").join(file)).expect(file);
        assert!(read(one) == read(other), "{file} differs");
    }
}

#[test]
fn a_finished_run_goes_on_in_place_as_if_it_had_never_ended() {
    let folder = folder();
    let [whole, run, other] = ["whole", "run", "other"].map(|name| folder.path().join(name));
    train(&whole, 12);
    train(&run, 6);
    // It is finished: the message says how to go on.
    let message = refused(&mut resume(&run, &[]));
    assert!(message.contains("has made 6 of 6 iterations"), "{message}");
    assert!(message.contains("--set iterations=12"), "{message}");

    resume(&run, &["iterations=12"]).assert().success();
    assert_same(&whole, &run);
    for file in ["metrics.jsonl", "samples.jsonl", "recipe.toml"] {
        assert_eq!(text(whole.join(file)), text(run.join(file)), "{file}");
    }
    assert!(text(run.join("recipe.before-resume-0000006.toml")).contains("iterations = 6\n"));
    assert!(!run.join("metrics.before-resume-0000006.jsonl").exists());
    let info: Value = serde_json::from_str(&text(run.join("run.json"))).expect("JSON");
    assert_eq!([&info["first_iteration"], &info["iterations_done"]], [0, 12]);
    let resumed = &info["resumed"][0];
    assert_eq!(resumed["iteration"], 6);
    assert_eq!(resumed["changes"][0]["key"], "iterations");
    let report = text(run.join("report.html"));
    assert!(report.contains("Resumed at iteration 6") && report.contains("iterations: 6 → 12"));

    // The same in a folder of its own, from a checkpoint in the middle.
    let mut command = resume(&run.join("checkpoints/0000006"), &["iterations=12"]);
    command.arg("--run-dir").arg(&other).assert().success();
    assert_same(&whole, &other);
    let rest: Vec<_> =
        text(whole.join("metrics.jsonl")).lines().skip(6).map(String::from).collect();
    assert_eq!(text(other.join("metrics.jsonl")).lines().collect::<Vec<_>>(), rest);
}

/// A run that was killed after it had been resumed with other settings, before its next checkpoint:
/// it goes on with these settings, and what it had beyond the checkpoint is kept.
#[test]
fn a_killed_run_goes_on_from_its_last_checkpoint() {
    let folder = folder();
    let [whole, run] = ["whole", "run"].map(|name| folder.path().join(name));
    train(&whole, 12);
    train(&run, 6);
    resume(&run, &["iterations=12"]).assert().success();
    for lost in ["checkpoints/0000009", "checkpoints/0000012"] {
        fs::remove_dir_all(run.join(lost)).expect("it is there");
    }
    let metrics = text(run.join("metrics.jsonl"));
    fs::write(run.join("metrics.jsonl"), metrics.clone() + "{\"iterati").expect("writable");
    resume(&run, &[]).assert().success();
    assert_same(&whole, &run);
    for file in ["metrics.jsonl", "samples.jsonl", "recipe.toml"] {
        assert_eq!(text(whole.join(file)), text(run.join(file)), "{file}");
    }
    let beyond: String = metrics.split_inclusive('\n').skip(6).collect();
    let kept = text(run.join("metrics.before-resume-0000006.jsonl"));
    assert_eq!(kept, beyond + "{\"iterati\n");
    assert_eq!(text(run.join("samples.before-resume-0000006.jsonl")).lines().count(), 2);
    let info: Value = serde_json::from_str(&text(run.join("run.json"))).expect("JSON");
    assert_eq!(info["resumed"].as_array().map(Vec::len), Some(2));
}

#[test]
fn settings_change_what_can_change_and_others_are_refused_by_name() {
    let folder = folder();
    let run = folder.path().join("run");
    train(&run, 3);
    let before = text(run.join("metrics.jsonl"));
    for (setting, reason) in [
        ("seed=9", "random numbers"),
        ("data.batch=8", "in this order"),
        ("student.kind=replay", "state of a student"),
        ("vae.latent=3", "belong to these networks"),
    ] {
        let key = setting.split_once('=').expect("key=value").0;
        let message = refused(&mut resume(&run, &["iterations=6", setting]));
        assert!(message.contains(&format!("{key} cannot change from ")), "{message}");
        assert!(message.contains(reason), "{message}");
    }
    let message = refused(&mut resume(&run, &["iterations=6", "chains.steps=0"]));
    assert!(message.contains("chains.steps is 0; it must be in 1..="), "{message}");
    // A refused run is untouched.
    assert_eq!(text(run.join("metrics.jsonl")), before);
    assert!(!text(run.join("run.json")).contains("resumed"));

    let settings = ["iterations=6", "chains.steps=3", "optimiser.energy_learning_rate=1e-5"];
    resume(&run, &settings).assert().success();
    assert_eq!(text(run.join("metrics.jsonl")).lines().count(), 6);
    assert!(text(run.join("metrics.jsonl")).starts_with(&before));
    let recipe = text(run.join("recipe.toml"));
    assert!(recipe.contains("\nsteps = 3\n") && recipe.contains("iterations = 6\n"), "{recipe}");
}
