//! Draws for other programs: NumPy's `.npz` and JSON, in the layout that ArviZ takes; single arrays as `.npy`.
//!
//! Files are written beside their path and renamed, so that what is there is whole.

mod npz;

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use serde::ser::{Serialize, SerializeMap, SerializeSeq, Serializer};

use crate::diagnostics::Draws;

/// Why draws were not exported.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ExportError {
    /// There is nothing to write.
    #[error("{}: no variable to export", path.display())]
    Nothing {
        /// The file asked for.
        path: PathBuf,
    },
    /// Two variables have the same name, or one has none.
    #[error("{}: {name:?} names no variable or more than one", path.display())]
    Name {
        /// The file asked for.
        path: PathBuf,
        /// The name given.
        name: String,
    },
    /// Variables of one run have the same chains and draws.
    #[error(
        "{}: {name:?} has [chain, draw] = {found:?}, the variables before it {expected:?}",
        path.display()
    )]
    Shape {
        /// The file asked for.
        path: PathBuf,
        /// The variable that differs.
        name: String,
        /// Its chains and draws.
        found: [usize; 2],
        /// Those of the first variable.
        expected: [usize; 2],
    },
    /// JSON has no NaN and no infinity.
    #[error("{}: {name:?} holds {value}, which JSON cannot; export to .npz", path.display())]
    NotFinite {
        /// The file asked for.
        path: PathBuf,
        /// The variable.
        name: String,
        /// The first such draw.
        value: f64,
    },
    /// The file could not be written.
    #[error("{}: {source}", path.display())]
    Io {
        /// The file asked for.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

/// Writes named variables to an uncompressed `.npz`: for each an array `[chain, draw, …]` of doubles.
///
/// In Python, with NumPy and ArviZ (`posterior=…` before ArviZ 1, `{"posterior": …}` from then on):
///
/// ```python
/// idata = arviz.from_dict(posterior=dict(numpy.load("draws.npz")))
/// print(arviz.summary(idata))
/// ```
///
/// # Errors
/// [`ExportError`], if there is no variable, if names or shapes do not fit together, or if the file cannot
/// be written or would be larger than 4 GiB; then nothing is left and a former file stays as it was.
pub fn write_npz(path: &Path, variables: &[(&str, &Draws)]) -> Result<(), ExportError> {
    check(path, variables)?;
    write_beside(path, |mut file| {
        npz::write(&mut file, variables)?;
        Ok(file)
    })
}

/// Writes named variables to JSON: `{"posterior": {name: [[[…]]]}}`, nested as `[chain, draw, …]`.
///
/// In Python, with ArviZ (`from_dict(**…)` before ArviZ 1, `from_dict(…)` from then on):
///
/// ```python
/// idata = arviz.from_dict(**json.load(open("draws.json")))
/// print(arviz.summary(idata))
/// ```
///
/// # Errors
/// As [`write_npz`], and if a draw is NaN or infinite.
pub fn write_json(path: &Path, variables: &[(&str, &Draws)]) -> Result<(), ExportError> {
    check(path, variables)?;
    for (name, draws) in variables {
        if let Some(&value) = draws.values().iter().find(|x| !x.is_finite()) {
            let (path, name) = (path.to_owned(), (*name).to_owned());
            return Err(ExportError::NotFinite { path, name, value });
        }
    }
    write_beside(path, |mut file| {
        serde_json::to_writer(&mut file, &Groups { posterior: Variables(variables) })?;
        Ok(file)
    })
}

/// Writes one array of single precision to NumPy's `.npy`, in row-major order.
///
/// # Errors
/// [`ExportError::Io`], if the values do not fill the shape or the file cannot be written; then nothing is left
/// and a former file stays as it was.
pub fn write_npy(path: &Path, values: &[f32], shape: &[usize]) -> Result<(), ExportError> {
    if shape.iter().product::<usize>() != values.len() {
        let message = format!("{} values do not fill the shape {shape:?}", values.len());
        let source = io::Error::new(io::ErrorKind::InvalidInput, message);
        return Err(ExportError::Io { path: path.to_owned(), source });
    }
    write_beside(path, |mut file| {
        npz::Array::new(values, shape)?.blocks(|block| file.write_all(block))?;
        Ok(file)
    })
}

fn check(path: &Path, variables: &[(&str, &Draws)]) -> Result<(), ExportError> {
    let Some((_, first)) = variables.first() else {
        return Err(ExportError::Nothing { path: path.to_owned() });
    };
    let expected = [first.chains(), first.draws()];
    for (i, (name, draws)) in variables.iter().enumerate() {
        let (path, name, found) = (path.to_owned(), *name, [draws.chains(), draws.draws()]);
        if name.is_empty() || variables[..i].iter().any(|(other, _)| *other == name) {
            return Err(ExportError::Name { path, name: name.to_owned() });
        }
        if found != expected {
            return Err(ExportError::Shape { path, name: name.to_owned(), found, expected });
        }
    }
    Ok(())
}

/// Lets `write` fill a file beside `path`, which then takes its place.
fn write_beside(
    path: &Path,
    write: impl FnOnce(BufWriter<File>) -> io::Result<BufWriter<File>>,
) -> Result<(), ExportError> {
    let fail = |source| ExportError::Io { path: path.to_owned(), source };
    let Some(name) = path.file_name() else {
        return Err(fail(io::Error::new(io::ErrorKind::InvalidInput, "not the path of a file")));
    };
    let mut partial = name.to_owned();
    partial.push(".partial");
    let partial = path.with_file_name(partial);
    let file = File::create(&partial).map_err(fail)?;
    let written = write(BufWriter::new(file)).and_then(|file| {
        file.into_inner()?.sync_all()?;
        fs::rename(&partial, path)
    });
    written.map_err(|error| {
        // The first error is the one to tell.
        let _ = fs::remove_file(&partial);
        fail(error)
    })
}

#[derive(serde::Serialize)]
struct Groups<'a> {
    posterior: Variables<'a>,
}

struct Variables<'a>(&'a [(&'a str, &'a Draws)]);

impl Serialize for Variables<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (name, draws) in self.0 {
            map.serialize_entry(name, &Nested { values: draws.values(), shape: draws.shape() })?;
        }
        map.end()
    }
}

/// Lists of lists, one level for each axis.
struct Nested<'a> {
    values: &'a [f64],
    shape: &'a [usize],
}

impl Serialize for Nested<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Some((&axis, shape)) = self.shape.split_first() else {
            return self.values[0].serialize(serializer);
        };
        let mut list = serializer.serialize_seq(Some(axis))?;
        for values in self.values.chunks(self.values.len() / axis) {
            list.serialize_element(&Nested { values, shape })?;
        }
        list.end()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn draws(shape: &[usize]) -> Draws {
        let size = shape.iter().product::<usize>();
        let values = (0..size).map(|i| (i as f64).sin() / 3.0).collect();
        Draws::new(values, shape).expect("a valid shape")
    }

    #[test]
    fn npz_holds_all_variables() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("draws.npz");
        let (x, y) = (draws(&[2, 5000, 3]), draws(&[2, 5000]));
        write_npz(&path, &[("x", &x), ("log energy", &y)]).unwrap();
        let arrays = npz::read(&fs::read(path).unwrap());
        assert_eq!(arrays.len(), 2);
        assert_eq!(
            (&*arrays[0].0, &*arrays[0].1, &*arrays[0].2),
            ("x.npy", "(2, 5000, 3)", x.values())
        );
        assert_eq!(
            (&*arrays[1].0, &*arrays[1].1, &*arrays[1].2),
            ("log energy.npy", "(2, 5000)", y.values())
        );
    }

    /// Byte by byte what `numpy.save` writes of `numpy.array([[1.5, -2.0]], "<f4")` and of `numpy.float32([3])`.
    #[test]
    fn npy_equals_numpy() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.npy");
        let written = |values: &[f32], shape: &[usize]| {
            write_npy(&path, values, shape).unwrap();
            fs::read(&path).unwrap()
        };
        let expected = |shape: &str, values: &[u8]| {
            let text = format!("{{'descr': '<f4', 'fortran_order': False, 'shape': {shape}, }}");
            [b"\x93NUMPY\x01\x00\x76\x00", format!("{text:117}\n").as_bytes(), values].concat()
        };
        let two = expected("(1, 2)", &[0, 0, 0xc0, 0x3f, 0, 0, 0, 0xc0]);
        assert_eq!(written(&[1.5, -2.0], &[1, 2]), two);
        assert_eq!(written(&[3.0], &[1]), expected("(1,)", &[0, 0, 0x40, 0x40]));
        let error = write_npy(&path, &[1.0; 3], &[2, 2]).expect_err("it does not fit").to_string();
        assert!(error.ends_with("3 values do not fill the shape [2, 2]"), "{error}");
    }

    #[test]
    fn json_is_read_back() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("draws.json");
        let (x, y) = (draws(&[2, 4, 3, 1]), draws(&[2, 4]));
        write_json(&path, &[("x", &x), ("y", &y)]).unwrap();
        let json: serde_json::Value = serde_json::from_reader(File::open(&path).unwrap()).unwrap();
        let number = |value: &serde_json::Value| value.as_f64().unwrap();
        let posterior = &json["posterior"];
        assert!((number(&posterior["x"][1][2][1][0]) - x.values()[19]).abs() < 1e-15);
        assert!((number(&posterior["y"][1][3]) - y.values()[7]).abs() < 1e-15);
        assert_eq!(posterior["x"][0].as_array().map(Vec::len), Some(4));
        assert_eq!(posterior["x"][1][3].as_array().map(Vec::len), Some(3));
    }

    #[test]
    fn what_does_not_fit_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("draws.npz");
        let (x, short) = (draws(&[2, 5]), draws(&[2, 4]));
        let told = |variables: &[(&str, &Draws)]| {
            let error = write_npz(&path, variables).expect_err("it does not fit").to_string();
            error.strip_prefix(&format!("{}: ", path.display())).expect("the path").to_owned()
        };
        assert_eq!(told(&[]), "no variable to export");
        assert_eq!(told(&[("x", &x), ("x", &x)]), r#""x" names no variable or more than one"#);
        assert_eq!(told(&[("", &x)]), r#""" names no variable or more than one"#);
        assert_eq!(
            told(&[("x", &x), ("s", &short)]),
            r#""s" has [chain, draw] = [2, 4], the variables before it [2, 5]"#
        );
        let hole = Draws::new(vec![0.0, f64::NAN, 1.0, 2.0], &[1, 4]).unwrap();
        let error = write_json(&path, &[("h", &hole)]).expect_err("not finite").to_string();
        assert!(error.ends_with(r#""h" holds NaN, which JSON cannot; export to .npz"#), "{error}");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0, "nothing is left");
        write_npz(&path, &[("h", &hole)]).unwrap();
        assert!(npz::read(&fs::read(path).unwrap())[0].2[1].is_nan());
    }

    /// A folder in the place of the file stops the rename, after everything was written.
    #[test]
    fn a_failed_write_leaves_nothing_behind() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("draws.json");
        fs::create_dir(&path).unwrap();
        let x = draws(&[1, 4]);
        let error = write_json(&path, &[("x", &x)]).expect_err("a folder is in the way");
        assert!(error.to_string().starts_with(&path.display().to_string()), "{error}");
        let left: Vec<_> =
            fs::read_dir(folder.path()).unwrap().map(|e| e.unwrap().path()).collect();
        assert_eq!(left, [path]);
        let missing = folder.path().join("missing/draws.npz");
        assert!(matches!(write_npz(&missing, &[("x", &x)]), Err(ExportError::Io { .. })));
    }

    #[test]
    fn a_former_file_is_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("draws.npz");
        fs::write(&path, "something else").unwrap();
        let x = draws(&[1, 4]);
        write_npz(&path, &[("x", &x)]).unwrap();
        assert_eq!(npz::read(&fs::read(path).unwrap())[0].2, x.values());
    }
}
