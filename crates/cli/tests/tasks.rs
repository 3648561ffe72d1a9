//! Tasks on a trained run, from the command line: the content of their files, and their refusals.

mod common;
mod runs;

use std::fs;
use std::path::Path;

use ebm::data::Density;
use ebm::metrics::{FeatureSet, Moments, auroc, frechet_distance};
use ebm::noise::Key;
use serde_json::Value;

use common::{ebm, folder, refused};
use runs::{ask, json, refusal, trained};

const PIXELS: usize = 28 * 28;

/// Returns the shape and the values of an array of single precision.
fn npy(path: &Path) -> (Vec<usize>, Vec<f32>) {
    let bytes = fs::read(path).expect("readable");
    let start = 10 + usize::from(u16::from_le_bytes([bytes[8], bytes[9]]));
    let header = String::from_utf8_lossy(&bytes[10..start]).into_owned();
    assert!(header.contains("'descr': '<f4', 'fortran_order': False"), "{header}");
    let (_, shape) = header.split_once("'shape': (").expect("a shape");
    let (shape, _) = shape.split_once(')').expect("a tuple");
    let axis = |text: &str| text.trim().parse().expect("a number");
    let shape = shape.split(',').filter(|text| !text.trim().is_empty()).map(axis).collect();
    (shape, single(&bytes[start..]))
}

fn single(bytes: &[u8]) -> Vec<f32> {
    bytes.as_chunks().0.iter().map(|x| f32::from_le_bytes(*x)).collect()
}

fn lines(path: &Path) -> Vec<Value> {
    let text = fs::read_to_string(path).expect("readable");
    text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect()
}

fn number(value: &Value) -> f64 {
    value.as_f64().expect("a number")
}

fn close(a: f64, b: f64) -> bool {
    (a - b).abs() <= 1e-4 * a.abs().max(b.abs()).max(1.0)
}

/// Returns the PSNR of the counted pixels, in decibels.
fn psnr(images: &[f32], data: &[f32], counted: impl Fn(usize) -> bool) -> f64 {
    let errors = images.iter().zip(data).enumerate().filter(|(pixel, _)| counted(*pixel));
    let squares = errors.map(|(_, (x, y))| f64::from(x.clamp(-1.0, 1.0) - y).powi(2));
    let (sum, count) = squares.fold((0.0, 0.0), |(sum, count), x| (sum + x, count + 1.0));
    10.0 * (4.0 * count / sum).log10()
}

#[test]
fn samples_and_their_refinement() {
    let folder = folder();
    let run = trained(folder.path(), "digits-quick", &["chains.denoise=false"]);
    let asked = ["sample", "--count", "5", "--steps", "15", "--seed", "0"];
    let (out, _) = ask(&run, "a", &asked);
    let (again, _) = ask(&run.join("checkpoints/0000002"), "run/checkpoints/b", &asked);
    let names =
        ["x0.png", "refined.png", "x0.npy", "refined.npy", "samples.safetensors", "energies.jsonl"];
    for name in names {
        let read = |out: &Path| fs::read(out.join(name)).expect("there");
        assert!(read(&out) == read(&again), "{name} differs");
    }
    assert_eq!(out.read_dir().expect("a folder").count(), names.len());
    let arrays = ["x0", "refined"].map(|name| npy(&out.join(format!("{name}.npy"))));
    for (shape, values) in &arrays {
        assert_eq!((&shape[..], values.len()), (&[5, 1, 28, 28][..], 5 * PIXELS));
    }
    assert_ne!(arrays[0].1, arrays[1].1, "Langevin moves");
    // The same arrays, in a format that begins with the length of a header.
    let file = fs::read(out.join("samples.safetensors")).expect("there");
    let length = u64::from_le_bytes(*file.first_chunk().expect("a length")) as usize;
    let header: Value = serde_json::from_slice(&file[8..8 + length]).expect("JSON");
    for (name, (shape, values)) in ["x0", "refined"].iter().zip(&arrays) {
        let entry = &header[name];
        assert_eq!(entry["dtype"], "F32");
        assert_eq!(entry["shape"], serde_json::json!(shape));
        let [begin, end] = [0, 1].map(|i| number(&entry["data_offsets"][i]) as usize);
        assert_eq!(&single(&file[8 + length..][begin..end]), values, "{name}");
    }
    // Three rows of two columns or more: 3 × 3 cells for five images.
    let (width, height) = image::image_dimensions(out.join("x0.png")).expect("a picture");
    assert_eq!((width, height), (3 * 58 + 2, 2 * 58 + 2));

    let (other, _) = ask(&run, "c", &["sample", "--count", "5", "--seed", "1"]);
    assert_ne!(npy(&other.join("x0.npy")).1, arrays[0].1, "another seed");

    // The same chains, step by step.
    let asked = ["refine", "--count", "5", "--steps", "15", "--frames", "4"];
    let (strip, _) = ask(&run, "d", &asked);
    let (shape, frames) = npy(&strip.join("strip.npy"));
    assert_eq!(shape, [5, 4, 1, 28, 28]);
    for chain in 0..5 {
        let chain_of = |values: &[f32]| values[chain * PIXELS..][..PIXELS].to_vec();
        let frame = |index: usize| &frames[(chain * 4 + index) * PIXELS..][..PIXELS];
        assert!(frame(0) == chain_of(&arrays[0].1), "x₀ of chain {chain}");
        assert!(frame(3) == chain_of(&arrays[1].1), "x_T of chain {chain}");
    }
    let (steps, ends) = (lines(&strip.join("energies.jsonl")), lines(&out.join("energies.jsonl")));
    assert_eq!((steps.len(), ends.len()), (16, 5));
    for (chain, energies) in ends.iter().enumerate() {
        assert_eq!(energies["sample"], chain);
        let of = |step: usize| number(&steps[step]["energies"][chain]);
        assert!(close(of(0), number(&energies["x0"])), "{energies}");
        assert!(close(of(15), number(&energies["refined"])), "{energies}");
    }
    let mean = (0..5).map(|chain| number(&steps[7]["energies"][chain])).sum::<f64>() / 5.0;
    assert!(close(mean, number(&steps[7]["mean"])));
    let plot = fs::read_to_string(strip.join("energies.svg")).expect("text");
    assert!(plot.contains("Langevin step") && plot.contains("lowest"), "{plot}");
}

#[test]
fn lines_between_codes() {
    let folder = folder();
    let run = trained(folder.path(), "digits-quick", &[]);
    let (out, _) = ask(&run, "a", &["interpolate", "--count", "2", "--points", "3"]);
    let (shape, random) = npy(&out.join("decoded.npy"));
    assert_eq!(shape, [2, 3, 1, 28, 28]);
    assert_eq!(npy(&out.join("refined.npy")).0, shape);
    let size = image::image_dimensions(out.join("refined.png")).expect("a picture");
    assert_eq!(size, (3 * 58 + 2, 2 * 58 + 2));
    let point = |values: &[f32], index: usize| values[index * PIXELS..][..PIXELS].to_vec();
    assert_ne!(point(&random, 0), point(&random, 2), "codes of a pair differ");

    // The line from an image to itself is a point; that to another image is not.
    let pairs = ["--images", "7", "7", "--images", "7", "1999", "--points", "4"];
    let (out, _) = ask(&run, "b", &[&["interpolate"][..], &pairs].concat());
    let (shape, decoded) = npy(&out.join("decoded.npy"));
    assert_eq!(shape, [2, 4, 1, 28, 28]);
    let far = |index: usize| {
        let (first, other) = (point(&decoded, 0), point(&decoded, index));
        first.iter().zip(&other).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max)
    };
    assert!((0..5).all(|index| far(index) < 1e-5), "the row of 7, and the other's begin");
    assert!((5..8).all(|index| far(index) > 1e-4) && far(7) > far(5), "the way to 1999");
    // Both images are beside their row.
    let size = image::image_dimensions(out.join("decoded.png")).expect("a picture");
    assert_eq!(size, (6 * 58 + 2, 2 * 58 + 2));

    let message = refusal(&run, &["interpolate", "--images", "0", "2000"]);
    assert!(message.contains("digits (test) has the images 0 to 1999, but not 2000"), "{message}");
    let message = refusal(&run, &["interpolate", "--images", "3"]);
    assert!(message.contains("2 values required"), "{message}");
}

#[test]
fn reconstructions_and_their_fidelity() {
    let folder = folder();
    let run = trained(folder.path(), "digits-quick", &[]);
    let (out, printed) = ask(&run, "a", &["reconstruct", "--count", "3"]);
    let [data, decoded, refined] =
        ["data", "decoded", "refined"].map(|name| npy(&out.join(format!("{name}.npy"))).1);
    let report = json(&out.join("psnr.json"));
    // Spread over the set, which is sorted by class.
    assert_eq!(report["images"], serde_json::json!([0, 666, 1333]));
    assert_eq!(report["data"], "digits (test)");
    let digits = ebm::data::test_digits().expect("embedded");
    let pixels = digits.image(666).iter().map(|&pixel| f32::from(pixel) / 127.5 - 1.0);
    assert!(pixels.eq(data[PIXELS..2 * PIXELS].iter().copied()), "the image of that number");
    for (name, images) in [("decoded", decoded), ("refined", refined)] {
        for image in 0..3 {
            let part = |values: &[f32]| values[image * PIXELS..][..PIXELS].to_vec();
            let expected = psnr(&part(&images), &part(&data), |_| true);
            assert!(close(expected, number(&report["each"][name][image])), "{name}: {report}");
        }
        let mean = format!("{name}: mean PSNR {:.2} dB", number(&report["mean"][name]));
        assert!(printed.contains(&mean), "{printed}");
    }
    // The mean of q is not a draw.
    let (means, _) = ask(&run, "b", &["reconstruct", "--count", "3", "--mean"]);
    assert_ne!(npy(&means.join("decoded.npy")).1, npy(&out.join("decoded.npy")).1);
}

#[test]
fn hidden_pixels_are_filled_and_seen_ones_kept() {
    let folder = folder();
    let run = trained(folder.path(), "digits-quick", &[]);
    type Seen = fn(usize, usize) -> bool;
    let centre: Seen = |row, column| !((7..21).contains(&row) && (7..21).contains(&column));
    let masks: [(&str, Seen); 3] =
        [("bottom", |row, _| row < 14), ("right", |_, column| column < 14), ("centre", centre)];
    for (mask, seen) in masks {
        let asked = ["inpaint", "--count", "3", "--mask", mask, "--latent-steps", "3"];
        let (out, _) = ask(&run, mask, &asked);
        let seen = |pixel: usize| seen(pixel % PIXELS / 28, pixel % 28);
        let array = |name: &str| npy(&out.join(format!("{name}.npy"))).1;
        let (data, report) = (array("data"), json(&out.join("psnr.json")));
        let names = ["masked", "encode", "langevin", "latent"];
        let filled = names.map(array);
        for (name, images) in names.iter().zip(&filled) {
            for (pixel, (x, y)) in images.iter().zip(&data).enumerate() {
                assert!(!seen(pixel) || x.to_bits() == y.to_bits(), "{mask}, {name}: {pixel}");
                assert!(*name != "masked" || seen(pixel) || *x == 0.0, "{mask}: {pixel}");
            }
            let part = |values: &[f32]| values[PIXELS..2 * PIXELS].to_vec();
            let expected = psnr(&part(images), &part(&data), |pixel| !seen(pixel));
            assert!(close(expected, number(&report["each"][name][1])), "{mask}, {name}: {report}");
        }
        for pair in filled.windows(2) {
            assert_ne!(pair[0], pair[1], "the ways differ");
        }
        let size = image::image_dimensions(out.join("inpaint.png")).expect("a picture");
        assert_eq!(size, (5 * 58 + 2, 3 * 58 + 2));
    }
    let (out, _) = ask(&run, "one", &["inpaint", "--count", "2", "--way", "langevin"]);
    assert!(out.join("langevin.npy").is_file() && !out.join("latent.npy").exists());
}

#[test]
fn energies_tell_sets_apart() {
    let folder = folder();
    let run = trained(folder.path(), "digits-quick", &[]);
    let score = |out: &str, against: &[&str]| {
        let (out, printed) = ask(&run, out, &[&["score", "--count", "40"][..], against].concat());
        (json(&out.join("score.json")), lines(&out.join("energies.jsonl")), printed)
    };
    let (report, energies, _) = score("alone", &[]);
    assert_eq!((energies.len(), &report["auroc"]), (40, &Value::Null));
    let values: Vec<f64> = energies.iter().map(|line| number(&line["energy"])).collect();
    let mean = values.iter().sum::<f64>() / 40.0;
    assert!(close(mean, number(&report["set"]["mean"])), "{report}");
    let least = values.iter().copied().fold(f64::INFINITY, f64::min);
    assert_eq!(least, number(&report["set"]["quantiles"][0]));

    let (report, energies, printed) = score("itself", &["--against", "digits"]);
    assert_eq!((energies.len(), number(&report["auroc"])), (80, 0.5));
    assert!(printed.contains("AUROC 0.5000"), "{printed}");
    let mut areas = Vec::new();
    for against in ["inverted", "noise"] {
        let (report, energies, _) = score(against, &["--against", against]);
        let of = |lines: &[Value]| lines.iter().map(|line| number(&line["energy"])).collect();
        let [data, others]: [Vec<f64>; 2] = [of(&energies[..40]), of(&energies[40..])];
        assert_eq!(data, values, "the same images as alone");
        assert_eq!(auroc(&data, &others), report["auroc"].as_f64(), "{report}");
        assert_eq!(number(&report["against"]["images"]), 40.0);
        areas.push(others);
    }
    assert_ne!(areas[0], areas[1]);
}

#[test]
fn samples_are_measured_against_data() {
    let folder = folder();
    let run = trained(folder.path(), "digits-quick", &[]);
    let data = folder.path().join("data");
    let root = data.to_str().expect("UTF-8");
    let eval = |out: &str, more: &[&str]| {
        let asked = ["eval", "--count", "150", "--steps", "3", "--data-dir", root];
        let (out, printed) = ask(&run, out, &[&asked[..], more].concat());
        (fs::read(out.join("eval.jsonl")).expect("there"), lines(&out.join("eval.jsonl")), printed)
    };
    let all = ["--features", "digits", "--metrics", "fid,kid,is,pr,dc"];
    let (bytes, scores, printed) = eval("a", &all);
    let names: Vec<_> = scores.iter().map(|line| line["score"].as_str().expect("text")).collect();
    let kinds = ["FD(", "KD(", "IS(", "precision(", "recall(", "density(", "coverage("];
    assert_eq!(names.len(), 2 * kinds.len());
    assert!(
        names.iter().zip(kinds.repeat(2)).all(|(name, kind)| name.starts_with(kind)),
        "{names:?}"
    );
    // Only one network yields an FID.
    assert!(!printed.contains("FID"), "{printed}");
    for (index, line) in scores.iter().enumerate() {
        let (samples, steps) = if index < kinds.len() { ("x0", 0) } else { ("refined", 3) };
        assert_eq!((&line["samples"], &line["steps"]), (&samples.into(), &steps.into()), "{line}");
        assert_eq!(
            (&line["count"], &line["reference_count"]),
            (&150.into(), &150.into()),
            "{line}"
        );
        assert_eq!(line["reference"], "digits (test)");
        let value = number(&line["value"]);
        if line["interval"] != "none" {
            assert!(number(&line["low"]) <= value && value <= number(&line["high"]), "{line}");
        }
        assert!(printed.contains(&format!("{value:.5}")), "{printed}");
    }
    assert_ne!(scores[0]["value"], scores[7]["value"], "Langevin moves");

    // Kept statistics yield the same measures; damaged ones are computed again.
    let statistics: Vec<_> = data.join(".statistics").read_dir().expect("kept").collect();
    assert_eq!(statistics.len(), 1);
    let path = statistics[0].as_ref().expect("readable").path();
    let kept = fs::read(&path).expect("readable");
    assert!(eval("b", &all).0 == bytes);
    fs::write(&path, &kept[..kept.len() - 9]).expect("writable");
    assert!(eval("c", &all).0 == bytes);
    assert!(fs::read(&path).expect("readable") == kept);

    let cases: [(&[&str], &str); 6] = [
        (&["--features", "pixels"], "a Fréchet distance of 784 features needs more samples"),
        (&["--features", "pixels", "--metrics", "is"], "leave is out"),
        (&["--features", "vgg"], "vgg is not a feature network"),
        (&["--features", "inception"], "inception=FILE"),
        (&["--features", "digits=file"], "digits takes no file"),
        (&["--features", "digits", "--metrics", "lpips"], "invalid value 'lpips'"),
    ];
    for (asked, expected) in cases {
        let message = refusal(&run, &[&["eval", "--count", "150"][..], asked].concat());
        assert!(message.contains(expected), "{asked:?}: {message}");
    }
}

/// x₀ of chains that start from noise is uniform in the square, whatever the run learned: its
/// distance is known.
#[test]
fn a_known_distance_in_the_plane() {
    let folder = folder();
    let run = trained(folder.path(), "two-moons-quick", &["student.kind=noise"]);
    let root = folder.path().join("data");
    let root = root.to_str().expect("UTF-8");
    let asked = ["eval", "--count", "4000", "--features", "pixels", "--data-dir", root];
    let (out, _) = ask(&run, "a", &[&asked[..], &["--metrics", "fd", "--steps", "1"]].concat());
    let score = &lines(&out.join("eval.jsonl"))[0];
    assert_eq!((&score["samples"], &score["score"]), (&"x0".into(), &"FD(pixels)".into()));
    let draws = Density::TwoMoons.sample(100_000, Key::new(9));
    let draws = draws.into_iter().flatten().map(|x| x as f32).collect();
    let moons = Moments::of(&FeatureSet::new(2, draws).expect("finite"));
    let uniform = Moments::from_parts(3_001, vec![0.0; 2], vec![1e3, 0.0, 0.0, 1e3]);
    let expected = frechet_distance(&uniform.expect("finite"), &moons).expect("enough");
    let [value, low, high] = ["value", "low", "high"].map(|key| number(&score[key]));
    // The interval ignores the error of the 4 000 reference draws: it is widened by as much again.
    let half = high - low;
    assert!((value - expected).abs() < half, "{score}, not {expected}");
    assert!(half < 0.3 * expected, "{score}");
}

#[test]
fn points_in_the_plane_have_arrays_and_no_pictures() {
    let folder = folder();
    let run = trained(folder.path(), "two-moons-quick", &[]);
    let asked: [(&str, &[&str], &str, &[usize]); 4] = [
        ("sample", &["--count", "6"], "refined", &[6, 2, 1, 1]),
        ("refine", &["--count", "3", "--frames", "2"], "strip", &[3, 2, 2, 1, 1]),
        ("interpolate", &["--count", "2", "--points", "3"], "decoded", &[2, 3, 2, 1, 1]),
        ("reconstruct", &["--count", "4"], "decoded", &[4, 2, 1, 1]),
    ];
    for (task, arguments, array, shape) in asked {
        let (out, printed) = ask(&run, task, &[&[task][..], arguments].concat());
        assert_eq!(npy(&out.join(format!("{array}.npy"))).0, shape);
        assert!(!printed.contains(".png"), "{printed}");
    }
    let (out, _) = ask(&run, "score", &["score", "--count", "30", "--against", "rings"]);
    assert!((0.0..=1.0).contains(&number(&json(&out.join("score.json"))["auroc"])));
    let (out, _) = ask(&run, "itself", &["score", "--count", "30", "--against", "two-moons"]);
    assert_eq!(number(&json(&out.join("score.json"))["auroc"]), 0.5);
    let message = refusal(&run, &["inpaint"]);
    assert!(message.contains("no part can be hidden"), "{message}");
    let message = refusal(&run, &["interpolate", "--images", "0", "1"]);
    assert!(message.contains("two-moons is a density"), "{message}");
    let message = refusal(&run, &["score", "--split", "test"]);
    assert!(message.contains("choose no split"), "{message}");
}

#[test]
fn tasks_refuse_students_without_the_part_they_need() {
    let folder = folder();
    let student = |kind: &str| {
        let path = folder.path().join(kind);
        fs::create_dir(&path).expect("writable");
        trained(&path, "digits-quick", &[&format!("student.kind={kind}")])
    };
    let noise = student("noise");
    for task in ["interpolate", "reconstruct", "inpaint"] {
        let message = refusal(&noise, &[task, "--count", "2"]);
        let coder = if task == "interpolate" { "a decoder" } else { "a trained encoder" };
        assert!(message.contains(coder) && message.contains("\"noise\" lacks"), "{message}");
    }
    let message = refusal(&noise, &["inpaint", "--count", "2", "--way", "latent"]);
    assert!(message.contains("a decoder"), "{message}");
    ask(&noise, "inpaint", &["inpaint", "--count", "2", "--way", "langevin"]);
    ask(&noise, "sample", &["sample", "--count", "2"]);
    ask(&noise, "score", &["score", "--count", "2"]);

    let generator = student("generator");
    for asked in [&["reconstruct"][..], &["inpaint"], &["interpolate", "--images", "0", "1"]] {
        let message = refusal(&generator, asked);
        assert!(message.contains("a trained encoder"), "{message}");
    }
    ask(&generator, "interpolate", &["interpolate", "--count", "2", "--points", "2"]);
    let latent = ["inpaint", "--count", "2", "--way", "latent", "--latent-steps", "2"];
    ask(&generator, "inpaint", &latent);

    let vae = student("vae-on-data");
    for task in ["score", "refine"] {
        let message = refusal(&vae, &[task, "--count", "2"]);
        assert!(message.contains("an energy"), "{message}");
    }
    let message = refusal(&vae, &["inpaint", "--count", "2"]);
    assert!(message.contains("this run has no energy"), "{message}");
    let (out, _) = ask(&vae, "sample", &["sample", "--count", "2"]);
    assert!(out.join("x0.npy").is_file() && !out.join("refined.npy").exists());
    let (out, _) = ask(&vae, "reconstruct", &["reconstruct", "--count", "2"]);
    assert!(out.join("decoded.npy").is_file() && !out.join("refined.npy").exists());
}

#[test]
fn unsuitable_data_and_arguments_are_refused() {
    let folder = folder();
    let run = trained(folder.path(), "digits-quick", &[]);
    let cases: [(&[&str], &str); 8] = [
        (
            &["score", "--set", "two-moons"],
            "the images of two-moons are 2 × 1 × 1 (channels, height, width), the run learned from \
             1 × 28 × 28",
        ),
        (&["score", "--against", "rings"], "the images of rings are 2 × 1 × 1"),
        (&["score", "--set", "nonsense"], "nonsense is none of the densities"),
        (&["score", "--set", "celeba", "--split", "test"], "`celeba` has no test split"),
        (&["score", "--set", "mnist", "--data-dir", "/nonexistent"], "ebm data fetch mnist"),
        (&["sample", "--count", "0"], "0 is not in 1..=65536"),
        (&["sample", "--steps", "0"], "0 is not in 1..=100000"),
        (&["inpaint", "--mask", "corner"], "bottom, top, left, right, centre"),
    ];
    for (asked, expected) in cases {
        let message = refusal(&run, asked);
        assert!(message.contains(expected), "{asked:?}: {message}");
    }
    let message = refusal(folder.path(), &["sample"]);
    assert!(message.contains("neither a checkpoint nor a run"), "{message}");
    let message = refused(ebm(&["sample", "--device", "cpu"]).arg(&run).arg("--out").arg(&run));
    assert!(message.contains("not empty"), "{message}");
    let file = folder.path().join("file");
    fs::write(&file, "in the way").expect("writable");
    let mut command = ebm(&["sample", "--device", "cpu"]);
    let message = refused(command.arg(&run).arg("--out").arg(file.join("out")));
    assert!(message.contains("cannot write"), "{message}");
}

/// log Z by annealed importance sampling, against the sum over a grid.
#[test]
fn log_z_is_that_of_a_grid() {
    let folder = folder();
    let run = trained(folder.path(), "two-moons", &["chains.noise=true"]);
    let arguments = ["log-z", "--count", "500", "--steps", "200", "--step-size", "0.3"];
    let (out, printed) = ask(&run, "log-z", &arguments);
    assert!(printed.contains("log Z = "), "{printed}");
    let report = json(&out.join("log-z.json"));
    let number = |key: &str| report[key].as_f64().expect(key);

    let checkpoint = run.join("checkpoints/0000002");
    let device = burn::tensor::Device::flex();
    let trainer = ebm::teaching::Trainer::load(&checkpoint, &device).expect("readable");
    let (cells, limit) = (400, 8.0);
    let width = 2.0 * limit / f64::from(cells);
    let at = |i: i32| (f64::from(i) + 0.5) * width - limit;
    let points: Vec<f32> =
        (0..cells * cells).flat_map(|i| [at(i % cells) as f32, at(i / cells) as f32]).collect();
    let points = burn::tensor::Tensor::<1>::from_data(points.as_slice(), &device);
    let points = points.reshape([(cells * cells) as usize, 2, 1, 1]);
    let energies = trainer.energies(points).expect("finite").into_data();
    let sum: f64 = energies.iter::<f64>().map(|u| (-u).exp()).sum();
    let expected = (sum * width * width).ln();
    let (found, error) = (number("log_z"), number("standard_error"));
    assert!(number("effective") > 50.0, "{report}");
    assert!((found - expected).abs() < 4.0 * error + 1e-3, "{found} ± {error}, {expected}");
}
