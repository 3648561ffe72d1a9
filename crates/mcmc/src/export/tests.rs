use std::fs::{self, File};

use ebm_files::NpzReader;

use super::*;
use crate::diagnostics::Trajectories;

fn draws(shape: &[usize]) -> Draws {
    let size = shape.iter().product::<usize>();
    let values = (0..size).map(|i| (i as f64).sin() / 3.0).collect();
    Draws::new(values, shape).expect("a valid shape")
}

/// Statistics of NUTS for two chains of three draws.
fn transitions() -> Transitions {
    let each = |values: [f64; 6]| Draws::new(values.to_vec(), &[2, 3]).expect("a valid shape");
    let trajectories = Trajectories::new(
        each([2.5, 3.5, 1.0, 2.0, 0.5, -1.5]),
        each([0.0, 1.0, 0.0, 0.0, 0.0, 0.0]),
        each([3.0, 5.0, 7.0, 3.0, 1.0, 3.0]),
    );
    let depth = each([2.0, 2.0, 3.0, 2.0, 1.0, 2.0]);
    Transitions {
        log_density: Some(each([-1.0, -2.0, -0.5, -1.5, -0.1, 0.5])),
        acceptance: Some(each([0.9, 0.1, 0.8, 0.7, 1.0, 0.6])),
        step_size: Some(each([0.25; 6])),
        trajectories: Some(trajectories.with_depth(depth, 10)),
    }
}

#[test]
fn npz_holds_all_variables() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("draws.npz");
    let (x, y) = (draws(&[2, 5000, 3]), draws(&[2, 5000]));
    Export::new([("x", &x), ("log energy", &y)]).write_npz(&path).unwrap();
    let mut npz = NpzReader::open_file(&path).unwrap();
    assert_eq!(npz.names().collect::<Vec<_>>(), ["x", "log energy"]);
    for (name, draws) in [("x", &x), ("log energy", &y)] {
        let array = npz.array(name, 1 << 20).unwrap().expect("written");
        assert_eq!(array.shape(), draws.shape());
        assert_eq!(array.values::<f64>().unwrap(), draws.values());
    }
}

#[test]
fn npz_holds_statistics_with_the_types_of_arviz() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("draws.npz");
    let (x, transitions) = (draws(&[2, 3, 4]), transitions());
    Export::new([("x", &x)]).with_transitions(&transitions).write_npz(&path).unwrap();
    let mut npz = NpzReader::open_file(&path).unwrap();
    let names: Vec<_> = npz.names().map(|name| name.replace("sample_stats/", "")).collect();
    let numbers = ["lp", "acceptance_rate", "step_size", "energy"];
    let counts = ["diverging", "n_steps", "tree_depth"];
    assert_eq!(names, [&["x"][..], &numbers, &counts].concat());
    let mut array = |name: &str| {
        let array = npz.array(&format!("sample_stats/{name}"), 1 << 10).unwrap().expect("written");
        assert_eq!(array.shape(), [2, 3]);
        array
    };
    let diverging = array("diverging").values::<bool>().unwrap();
    assert_eq!(diverging, [false, true, false, false, false, false]);
    assert_eq!(array("n_steps").values::<i64>().unwrap(), [3, 5, 7, 3, 1, 3]);
    assert_eq!(array("tree_depth").values::<i64>().unwrap(), [2, 2, 3, 2, 1, 2]);
    assert_eq!(array("energy").values::<f64>().unwrap()[1], 3.5);
    assert_eq!(array("lp").values::<f64>().unwrap()[5], 0.5);
}

#[test]
fn json_is_read_back() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("draws.json");
    let read =
        || -> serde_json::Value { serde_json::from_reader(File::open(&path).unwrap()).unwrap() };
    let (x, y) = (draws(&[2, 3, 4, 1]), draws(&[2, 3]));
    Export::new([("x", &x), ("y", &y)]).write_json(&path).unwrap();
    let json = read();
    let number = |value: &serde_json::Value| value.as_f64().unwrap();
    let posterior = &json["posterior"];
    assert!((number(&posterior["x"][1][2][1][0]) - x.values()[21]).abs() < 1e-15);
    assert!((number(&posterior["y"][1][2]) - y.values()[5]).abs() < 1e-15);
    assert_eq!(posterior["x"][0].as_array().map(Vec::len), Some(3));
    assert_eq!(posterior["x"][1][2].as_array().map(Vec::len), Some(4));
    assert!(json.get("sample_stats").is_none());

    let transitions = transitions();
    Export::new([("y", &y)]).with_transitions(&transitions).write_json(&path).unwrap();
    let stats = &read()["sample_stats"];
    assert_eq!(stats["diverging"][0].to_string(), "[false,true,false]");
    assert_eq!(stats["n_steps"][1].to_string(), "[3,1,3]");
    assert_eq!(stats["tree_depth"][0].to_string(), "[2,2,3]");
    assert_eq!(stats["energy"][0].to_string(), "[2.5,3.5,1.0]");
    assert_eq!(stats["step_size"][1].to_string(), "[0.25,0.25,0.25]");
    assert_eq!(number(&stats["acceptance_rate"][0][1]), 0.1);
    assert_eq!(number(&stats["lp"][1][2]), 0.5);
}

#[test]
fn what_does_not_fit_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("draws.npz");
    let (x, short) = (draws(&[2, 5]), draws(&[2, 4]));
    let message = |export: Export<'_>| {
        let error = export.write_npz(&path).expect_err("it does not fit").to_string();
        error.strip_prefix(&format!("{}: ", path.display())).expect("the path").to_owned()
    };
    assert_eq!(message(Export::new([])), "no variable to export");
    let name = "is the name of two variables, empty, or has a slash";
    assert_eq!(message(Export::new([("x", &x), ("x", &x)])), format!("\"x\" {name}"));
    assert_eq!(message(Export::new([("", &x)])), format!("\"\" {name}"));
    assert_eq!(message(Export::new([("a/b", &x)])), format!("\"a/b\" {name}"));
    assert_eq!(
        message(Export::new([("x", &x), ("s", &short)])),
        r#""s" has [chain, draw] = [2, 4], but the variables before it [2, 5]"#
    );
    assert_eq!(
        message(Export::new([("x", &x)]).with_transitions(&transitions())),
        r#""lp" has [chain, draw] = [2, 3], but the variables before it [2, 5]"#
    );
    let hole = Draws::new(vec![0.0, f64::NAN, 1.0, 2.0], &[1, 4]).unwrap();
    let export = Export::new([("h", &hole)]);
    let error = export.write_json(&path).expect_err("not finite").to_string();
    assert!(error.ends_with(r#""h" holds NaN, which JSON cannot hold; export to .npz"#), "{error}");
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0, "nothing is left");
    export.write_npz(&path).unwrap();
    let array = NpzReader::open_file(&path).unwrap().array("h", 100).unwrap().expect("written");
    assert!(array.values::<f64>().unwrap()[1].is_nan());
}

#[test]
fn a_failed_write_names_its_path_and_leaves_nothing_behind() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("draws.json");
    fs::create_dir(&path).unwrap();
    let x = draws(&[1, 4]);
    let export = Export::new([("x", &x)]);
    let error = export.write_json(&path).expect_err("a folder is in the way");
    assert!(error.to_string().contains(&path.display().to_string()), "{error}");
    let left: Vec<_> = fs::read_dir(folder.path()).unwrap().map(|e| e.unwrap().path()).collect();
    assert_eq!(left, [path]);
    let missing = folder.path().join("missing/draws.npz");
    assert!(matches!(export.write_npz(&missing), Err(ExportError::File(_))));
}
