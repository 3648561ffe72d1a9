//! Draws for other programs: NumPy's `.npz` and JSON, in the layout that ArviZ takes.
//!
//! Files are written beside their path and renamed, so that what is there is whole.

use std::fs::{self, File};
use std::io::{self, BufWriter, Seek, Write};
use std::path::{Path, PathBuf};

use serde::ser::{Serialize, SerializeMap, SerializeSeq, Serializer};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

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
/// be written; then nothing is left and a former file stays as it was.
pub fn write_npz(path: &Path, variables: &[(&str, &Draws)]) -> Result<(), ExportError> {
    check(path, variables)?;
    write_beside(path, |file| {
        let mut archive = ZipWriter::new(file);
        for (name, draws) in variables {
            let size = 8 * draws.values().len() as u64;
            let options = SimpleFileOptions::default()
                .compression_method(CompressionMethod::Stored)
                .large_file(size >= u64::from(u32::MAX) - (1 << 16));
            archive.start_file(format!("{name}.npy"), options)?;
            write_npy(&mut archive, draws)?;
        }
        Ok(archive.finish()?)
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

/// NumPy's array format, version 1.0 (NumPy Enhancement Proposal 1).
fn write_npy(archive: &mut ZipWriter<impl Write + Seek>, draws: &Draws) -> io::Result<()> {
    let axes: Vec<_> = draws.shape().iter().map(ToString::to_string).collect();
    let shape = axes.join(", ");
    let mut header = format!("{{'descr': '<f8', 'fortran_order': False, 'shape': ({shape}), }}");
    // Magic, version and length are 10 bytes, the line feed one; values start at a multiple of 64.
    let padding = (header.len() + 11).next_multiple_of(64) - (header.len() + 11);
    header.extend(std::iter::repeat_n(' ', padding));
    header.push('\n');
    let length = u16::try_from(header.len()).map_err(io::Error::other)?;
    archive.write_all(b"\x93NUMPY\x01\x00")?;
    archive.write_all(&length.to_le_bytes())?;
    archive.write_all(header.as_bytes())?;
    let mut bytes = Vec::new();
    for values in draws.values().chunks(1 << 13) {
        bytes.clear();
        bytes.extend(values.iter().flat_map(|x| x.to_le_bytes()));
        archive.write_all(&bytes)?;
    }
    Ok(())
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
    use std::io::Read;

    fn draws(shape: &[usize]) -> Draws {
        let size = shape.iter().product::<usize>();
        let values = (0..size).map(|i| (i as f64).sin() / 3.0).collect();
        Draws::new(values, shape).expect("a valid shape")
    }

    /// The header's dictionary and the values of one array of an archive.
    fn read_npy(path: &Path, entry: &str) -> (String, Vec<f64>) {
        let mut archive = zip::ZipArchive::new(File::open(path).unwrap()).unwrap();
        let mut bytes = Vec::new();
        archive.by_name(entry).unwrap().read_to_end(&mut bytes).unwrap();
        assert_eq!(bytes[..8], *b"\x93NUMPY\x01\x00");
        let start = 10 + usize::from(u16::from_le_bytes([bytes[8], bytes[9]]));
        assert_eq!((start % 64, bytes[start - 1]), (0, b'\n'));
        let header = String::from_utf8(bytes[10..start].to_vec()).unwrap();
        let values = bytes[start..].chunks_exact(8);
        let values = values.map(|b| f64::from_le_bytes(b.try_into().unwrap())).collect();
        (header.trim_end().to_owned(), values)
    }

    #[test]
    fn npz_is_read_back() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("draws.npz");
        let (x, y) = (draws(&[2, 5000, 3]), draws(&[2, 5000]));
        write_npz(&path, &[("x", &x), ("log energy", &y)]).unwrap();
        let (header, values) = read_npy(&path, "x.npy");
        assert_eq!(header, "{'descr': '<f8', 'fortran_order': False, 'shape': (2, 5000, 3), }");
        assert_eq!(values, x.values());
        let (header, values) = read_npy(&path, "log energy.npy");
        assert!(header.contains("'shape': (2, 5000), "), "{header}");
        assert_eq!(values, y.values());
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
        assert!(read_npy(&path, "h.npy").1[1].is_nan());
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
        assert_eq!(read_npy(&path, "x.npy").1, x.values());
    }
}
