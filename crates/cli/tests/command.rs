//! The command `ebm` as its users meet it: its results, and its messages for bad input.

mod common;

use std::fs;
use std::path::Path;

use common::{ebm, folder, refused};

fn write(path: &Path, text: &str) -> String {
    fs::write(path, text).expect("writable");
    path.display().to_string()
}

#[test]
fn the_quick_recipe_leaves_all_its_files() {
    let folder = folder();
    let run = folder.path().join("run");
    ebm(&["train", "--quick", "--device", "cpu", "--run-dir"]).arg(&run).assert().success();
    for file in [
        "recipe.toml",
        "run.json",
        "metrics.jsonl",
        "samples.jsonl",
        "report.html",
        "images/data.png",
        "images/x0-0000012.png",
        "images/refined-0000012.png",
        "images/strip-0000012.png",
        "images/overview.png",
        "plots/displacement.svg",
        "checkpoints/0000012/energy.bpk",
    ] {
        let size = fs::metadata(run.join(file)).map(|metadata| metadata.len());
        assert!(size.as_ref().is_ok_and(|&size| size > 0), "{file}: {size:?}");
    }
    let metrics = fs::read_to_string(run.join("metrics.jsonl")).expect("text");
    assert_eq!(metrics.lines().count(), 12);
    let last: serde_json::Value =
        serde_json::from_str(metrics.lines().last().expect("a line")).expect("JSON");
    assert_eq!(last["iteration"], 11);
    let files = fs::read_dir(&run).expect("readable").map(|entry| entry.expect("there").path());
    let events: Vec<_> = files.filter(|file| file.to_string_lossy().contains("tfevents")).collect();
    let events = fs::read(&events[0]).expect("readable");
    let tag = b"train/energy_loss";
    assert_eq!(events.windows(tag.len()).filter(|window| window == tag).count(), 12);
    let page = fs::read_to_string(run.join("report.html")).expect("text");
    assert!(page.contains("data:image/png;base64,") && page.contains("<svg"));
    assert!(
        !page.contains("src=\"http") && !page.contains("href="),
        "the page needs no other file"
    );
    let strip = image::open(run.join("images/strip-0000012.png")).expect("a PNG file");
    assert_eq!(strip.width(), 11 * 58 + 2);

    // A resumed run ends with the same parameters, bit by bit, also with another number of threads.
    let again = folder.path().join("again");
    ebm(&["train", "--device", "cpu", "--resume"])
        .env("RAYON_NUM_THREADS", "1")
        .arg(run.join("checkpoints/0000006"))
        .arg("--run-dir")
        .arg(&again)
        .assert()
        .success();
    for file in ["energy.bpk", "vae.bpk"] {
        let read =
            |run: &Path| fs::read(run.join("checkpoints/0000012").join(file)).expect("there");
        assert!(read(&run) == read(&again), "{file} differs");
    }
    // A folder that holds a run is not overwritten.
    let message = refused(ebm(&["train", "--quick", "--run-dir"]).arg(&run));
    assert!(message.contains("not empty"), "{message}");
}

#[test]
fn recipes_are_listed_and_shown() {
    let listed = ebm(&["recipes"]).assert().success();
    let listed = String::from_utf8_lossy(&listed.get_output().stdout).into_owned();
    assert!(listed.contains("digits") && listed.contains("mnist"), "{listed}");
    let shown = ebm(&["recipes", "show", "mnist"]).assert().success();
    let shown = String::from_utf8_lossy(&shown.get_output().stdout).into_owned();
    assert!(shown.contains("energy_learning_rate = 0.009"), "{shown}");
}

#[test]
fn an_unknown_recipe_is_refused() {
    let message = refused(&mut ebm(&["train", "nonsense"]));
    assert!(
        message.contains("\"nonsense\"")
            && message.contains("embedded are ")
            && message.contains("digits, "),
        "{message}"
    );
}

#[test]
fn a_setting_is_laid_over_the_recipe() {
    let shown = ebm(&["recipes", "show", "digits-quick", "--set", "chains.steps=7"]);
    let shown = { shown }.assert().success();
    let shown = String::from_utf8_lossy(&shown.get_output().stdout).into_owned();
    assert!(
        shown.contains("name = \"digits-quick\"") && shown.contains("\nsteps = 7\n"),
        "{shown}"
    );
    let message = refused(&mut ebm(&["train", "--set", "chains.stepz=7"]));
    assert!(message.contains("stepz"), "{message}");
    let message = refused(&mut ebm(&["train", "--set", "chains.count=0"]));
    assert!(message.contains("chains.count is 0; it must be in 1..="), "{message}");
}

/// An absurd learning rate: the quantity, the iteration and the last good checkpoint are named.
#[test]
fn a_run_that_diverges_says_where_and_what_is_left() {
    let folder = folder();
    let run = folder.path().join("run");
    let settings =
        ["optimiser.energy_learning_rate=1e4", "evaluation.checkpoint_every=1", "iterations=200"];
    let mut command = ebm(&["train", "--quick", "--device", "cpu", "--run-dir"]);
    command.arg(&run).args(settings.iter().flat_map(|setting| ["--set", setting]));
    let message = refused(&mut command);
    assert!(message.contains("iteration ") && message.contains("checkpoints"), "{message}");
    assert!(message.contains("energy") || message.contains("VAE loss"), "{message}");
    assert!(run.join("report.html").is_file(), "a run that diverges has a report");
}

/// A matrix of one short case on digits and on a density yields one table, which counts divergent
/// runs.
#[test]
fn a_matrix_of_runs_gives_a_table() {
    let folder = folder();
    let matrix = write(
        &folder.path().join("matrix.toml"),
        "seeds = [0, 1]\n\
         [[bases]]\nrecipe = \"digits\"\n[[bases]]\nrecipe = \"two-moons\"\n\
         [[cases]]\nname = \"noise\"\nsettings = [\"student.kind=noise\", \"iterations=2\"]\n\
         [[cases]]\nname = \"absurd\"\nsettings = [\"chains.step_size=1e6\"]\n",
    );
    let table = |name: &str, parallel: &str| {
        let out = folder.path().join(name);
        ebm(&["ablate", &matrix, "--quick", "--parallel", parallel, "--out"])
            .arg(&out)
            .assert()
            .success();
        let page = fs::read_to_string(out.join("ablations.html")).expect("text");
        assert!(page.contains("8 runs") && page.contains("4 of them diverged"), "{page}");
        assert!(page.contains("2 of 2") && page.contains("KL(data‖p_θ)"), "{page}");
        fs::read_to_string(out.join("ablations.csv")).expect("text")
    };
    // The measures do not depend on the number of parallel runs; the durations do.
    let numbers = |text: String| -> Vec<String> {
        let kept = |line: &str| {
            let mut fields: Vec<_> = line.split(',').collect();
            let seconds = fields.len() - 4;
            fields.remove(seconds);
            fields.join(",")
        };
        text.lines().map(kept).collect()
    };
    assert_eq!(numbers(table("one", "1")), numbers(table("two", "2")));
    let wrong = write(&folder.path().join("wrong.toml"), "seeds = [0]\nbases = []\ncase = 3\n");
    let message = refused(&mut ebm(&["ablate", &wrong]));
    assert!(message.contains("wrong.toml") && message.contains("case"), "{message}");
}

/// After Ctrl-C, the run ends with a checkpoint from which another can continue.
#[cfg(unix)]
#[test]
fn an_interrupted_run_leaves_a_checkpoint() {
    let folder = folder();
    let run = folder.path().join("run");
    let child = std::process::Command::new(assert_cmd::cargo::cargo_bin("ebm"))
        .args(["train", "digits-quick", "--device", "cpu", "--set", "iterations=1000000"])
        .arg("--run-dir")
        .arg(&run)
        .stderr(std::process::Stdio::piped())
        .spawn()
        .expect("it starts");
    let first = run.join("checkpoints/0000006/state.toml");
    for _ in 0..600 {
        std::thread::sleep(std::time::Duration::from_millis(100));
        if first.is_file() {
            break;
        }
    }
    // Another process cannot go on in the same folder meanwhile.
    let message = refused(ebm(&["train", "--device", "cpu", "--resume"]).arg(&run));
    assert!(message.contains("another process trains in"), "{message}");
    let pid = child.id().to_string();
    let sent = std::process::Command::new("kill").args(["-INT", &pid]).status().expect("kill");
    assert!(sent.success());
    let output = child.wait_with_output().expect("it ends");
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success() && stderr.contains("Ctrl-C ended the run"), "{stderr}");
    // The last checkpoint of the run is found, and it is from the last iteration.
    let message = refused(
        ebm(&["train", "--device", "cpu", "--resume"]).arg(&run).arg("--run-dir").arg(&run),
    );
    assert!(message.contains("not empty"), "{message}");
    let count = fs::read_to_string(run.join("metrics.jsonl")).expect("text").lines().count();
    assert!(run.join(format!("checkpoints/{count:07}/state.toml")).is_file(), "{count} iterations");
    let setting = format!("iterations={}", count + 2);
    ebm(&["train", "--device", "cpu", "--set", &setting, "--resume"]).arg(&run).assert().success();
    let resumed = fs::read_to_string(run.join("metrics.jsonl")).expect("text");
    assert_eq!(resumed.lines().count(), count + 2);
}

#[test]
fn an_unknown_key_is_refused_by_name() {
    let folder = folder();
    let recipe =
        write(&folder.path().join("r.toml"), "extends = \"digits\"\n[chains]\nstep_sise = 0.1\n");
    let message = refused(&mut ebm(&["train", &recipe]));
    assert!(message.contains("step_sise") && message.contains("r.toml"), "{message}");
}

#[test]
fn an_unknown_device_is_refused() {
    let message = refused(&mut ebm(&["train", "--device", "abacus"]));
    assert!(message.contains("abacus") && message.contains("cpu, ndarray, wgpu"), "{message}");
}

#[cfg(not(feature = "cuda"))]
#[test]
fn a_device_that_is_not_compiled_in_names_the_feature() {
    let message = refused(&mut ebm(&["train", "--device", "cuda"]));
    assert!(message.contains("--features cuda"), "{message}");
}

/// If the loader knows no driver, there is neither Vulkan nor, on a headless machine, OpenGL.
#[cfg(all(feature = "wgpu", target_os = "linux"))]
#[test]
fn a_device_that_is_not_there_is_refused() {
    let message = refused(
        ebm(&["train", "--quick", "--device", "wgpu"])
            .env("VK_DRIVER_FILES", "/dev/null")
            .env("VK_ICD_FILENAMES", "/dev/null")
            .env("WGPU_BACKEND", "vulkan")
            .env("LIBGL_DRIVERS_PATH", "/nonexistent")
            .env("__EGL_VENDOR_LIBRARY_FILENAMES", "/nonexistent"),
    );
    assert!(message.contains("no device wgpu on this machine"), "{message}");
}

#[test]
fn a_missing_data_folder_says_what_goes_where() {
    let message = refused(&mut ebm(&["train", "mnist-quick", "--data-dir", "/nonexistent/data"]));
    assert!(
        message.contains("/nonexistent/data") && message.contains("ebm data fetch mnist"),
        "{message}"
    );
}

#[test]
fn a_missing_file_says_what_goes_where() {
    let folder = folder();
    let message = refused(ebm(&["train", "mnist-quick", "--data-dir"]).arg(folder.path()));
    assert!(message.contains("train-images-idx3-ubyte"), "{message}");
    assert!(message.contains(&folder.path().join("mnist").display().to_string()), "{message}");
}

/// Real digits, compressed and truncated in the middle.
#[test]
fn a_truncated_file_is_refused() {
    let folder = folder();
    let set = folder.path().join("mnist");
    fs::create_dir(&set).expect("writable");
    let digits = include_bytes!("../../data/data/digits-images-idx3-ubyte.gz");
    let path = set.join("train-images-idx3-ubyte.gz");
    fs::write(&path, &digits[..digits.len() / 2]).expect("writable");
    let message = refused(ebm(&["train", "mnist-quick", "--data-dir"]).arg(folder.path()));
    assert!(message.contains("train-images-idx3-ubyte.gz"), "{message}");
    let message = refused(ebm(&["data", "verify", "mnist", "--data-dir"]).arg(folder.path()));
    assert!(message.contains("4 files of mnist are missing or wrong"), "{message}");
}

/// A complete, readable file that differs from the published one.
#[test]
fn a_wrong_checksum_is_refused() {
    let folder = folder();
    let set = folder.path().join("mnist");
    fs::create_dir(&set).expect("writable");
    let mut content = vec![0_u8; 47_040_016];
    content[..16].copy_from_slice(&[0, 0, 8, 3, 0, 0, 0xea, 0x60, 0, 0, 0, 28, 0, 0, 0, 28]);
    fs::write(set.join("train-images-idx3-ubyte"), content).expect("writable");
    let message = refused(ebm(&["train", "mnist-quick", "--data-dir"]).arg(folder.path()));
    assert!(message.contains("SHA-256") && message.contains("ba891046"), "{message}");
}

#[test]
fn a_run_folder_that_cannot_be_written_is_refused_before_any_work() {
    let folder = folder();
    let file = write(&folder.path().join("file"), "in the way");
    let message = refused(&mut ebm(&["train", "--quick", "--run-dir", &format!("{file}/run")]));
    assert!(message.contains("cannot write the run's folder"), "{message}");
    assert_eq!(fs::read_to_string(&file).expect("untouched"), "in the way");
}

#[test]
fn data_sets_are_listed_with_their_folders() {
    let folder = folder();
    let listed = ebm(&["data", "list", "--data-dir"]).arg(folder.path()).assert().success();
    let listed = String::from_utf8_lossy(&listed.get_output().stdout).into_owned();
    let line = |name: &str| listed.lines().find(|line| line.starts_with(name)).map(str::to_owned);
    assert!(line("digits").is_some_and(|line| line.contains("built in")), "{listed}");
    assert!(line("mnist").is_some_and(|line| line.contains("not here")), "{listed}");
    let path = ebm(&["data", "path", "mnist", "--data-dir"]).arg(folder.path()).assert().success();
    let path = String::from_utf8_lossy(&path.get_output().stdout).into_owned();
    assert_eq!(path.trim(), folder.path().join("mnist").display().to_string());
}

/// Nothing listens on port 9 of this machine: the message names the files, and only the lock is
/// left.
#[test]
fn an_unreachable_mirror_says_how_to_go_on_by_hand() {
    let folder = folder();
    let message = refused(
        ebm(&["data", "fetch", "mnist", "--mirror", "http://127.0.0.1:9/", "--data-dir"])
            .arg(folder.path()),
    );
    assert!(message.contains("train-images-idx3-ubyte.gz"), "{message}");
    assert_eq!(walk(folder.path()), [folder.path().join("mnist.lock")]);
}

fn walk(folder: &Path) -> Vec<std::path::PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).expect("a folder").flatten() {
        if entry.path().is_dir() {
            files.extend(walk(&entry.path()));
        } else {
            files.push(entry.path());
        }
    }
    files
}

/// Pictures of 20 × 16 pixels in two folders of classes.
fn pictures(folder: &Path) -> String {
    for class in ["dark", "light"] {
        fs::create_dir_all(folder.join(class)).expect("writable");
        for number in 0..12 {
            let grey = number * 8 + if class == "light" { 128 } else { 0 };
            let picture = image::RgbImage::from_fn(20, 16, |x, y| {
                image::Rgb([grey, grey + x as u8, grey + y as u8])
            });
            picture.save(folder.join(class).join(format!("{number}.png"))).expect("writable");
        }
    }
    folder.display().to_string()
}

#[test]
fn a_folder_of_pictures_is_learned_from() {
    let folder = folder();
    let set = pictures(&folder.path().join("set"));
    let run = folder.path().join("run");
    let settings = [
        format!("data.set=\"{set}\""),
        "data.channels=1".into(),
        "data.batch=16".into(),
        "chains.count=8".into(),
    ];
    let train = |more: &[&str], run: &Path| {
        let mut command = ebm(&["train", "--quick", "--device", "cpu", "--run-dir"]);
        command.arg(run);
        for setting in settings.iter().map(String::as_str).chain(more.iter().copied()) {
            command.args(["--set", setting]);
        }
        command
    };
    let message = refused(&mut train(&[], &run));
    assert!(message.contains("data.side"), "{message}");
    let message = refused(&mut train(&["data.side=28", "data.crop=28"], &run));
    assert!(message.contains("at most 27"), "{message}");
    let changed = ["data.side=28", "data.flip=true", "data.crop=2"];
    train(&changed, &run).assert().success();
    // The last metrics show that a resumed run sees the same flips and crops.
    let again = folder.path().join("again");
    ebm(&["train", "--device", "cpu", "--resume"])
        .arg(run.join("checkpoints/0000006"))
        .arg("--run-dir")
        .arg(&again)
        .assert()
        .success();
    let last = |run: &Path| {
        let text = fs::read_to_string(run.join("metrics.jsonl")).expect("text");
        let line: serde_json::Value =
            serde_json::from_str(text.lines().last().expect("a line")).expect("JSON");
        (line["iteration"].clone(), line["f_data"].clone(), line["energy_loss"].clone())
    };
    assert_eq!(last(&run), last(&again));
    let unchanged = folder.path().join("unchanged");
    train(&["data.side=28"], &unchanged).assert().success();
    assert_ne!(last(&run).1, last(&unchanged).1);
    // Tasks scale the pictures to the size that the run learned from.
    ebm(&["reconstruct", "--device", "cpu", "--out"])
        .arg(folder.path().join("reconstruction"))
        .arg(&run)
        .assert()
        .success();
}

#[test]
fn a_catalogue_of_ones_own_is_known_besides_the_built_in_one() {
    let folder = folder();
    pictures(&folder.path().join("mine"));
    let entry = "[mine]\ndescription = \"my pictures\"\nkind = \"folder\"\nshape = [1, 28, 28]\nclasses = 2\n\
                 licence = \"l\"\ncitation = \"c\"\nsource = \"https://my.page\"\n[mine.splits.train]\ncount = 24\n";
    let catalog = write(&folder.path().join("mine.toml"), entry);
    let listed = |command: &mut assert_cmd::Command| {
        let output = command.arg("--data-dir").arg(folder.path()).assert().success();
        String::from_utf8(output.get_output().stdout.clone()).expect("text")
    };
    let by_flag = listed(&mut ebm(&["data", "list", "--catalog", &catalog]));
    let by_variable = listed(ebm(&["data", "list"]).env("EBM_CATALOG", &catalog));
    assert_eq!(by_flag, by_variable);
    for name in ["mine", "mnist", "digits"] {
        assert!(by_flag.lines().any(|line| line.starts_with(&format!("{name} "))), "{by_flag}");
    }
    let line = by_flag.lines().find(|line| line.starts_with("mine ")).expect("listed");
    assert!(line.contains("here") && !line.contains("not here"), "{line}");
    let wrong = write(&folder.path().join("wrong.toml"), &entry.replace("count", "cuont"));
    let message = refused(&mut ebm(&["data", "list", "--catalog", &wrong]));
    assert!(message.contains(&wrong) && message.contains("cuont"), "{message}");
    let message = refused(&mut ebm(&["data", "fetch", "celeba", "--data-dir", "/nonexistent"]));
    assert!(message.contains("mmlab.ie.cuhk.edu.hk"), "{message}");
}
