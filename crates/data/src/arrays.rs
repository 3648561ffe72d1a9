//! Sets of images from NumPy's files: .npy of images, .npz of images and labels.

use std::fs::File;
use std::io::BufReader;
use std::path::Path;

use crate::catalog::Split;
use crate::error::{ArrayProblem, DataError};
use crate::idx::MAX_BYTES;
use crate::images::ImageSet;
use crate::npy::{Element, NpyArray, NpyError};
use crate::zip::Zip;

const MAX_CHANNELS: usize = 3;

/// Reads images, and labels if there are any, from an .npz or .npy file, and says which split they are.
///
/// Images are arrays of `|u1`, 0 to 255, or of `<f4`, −1 to 1, which are rounded to one of 256 values. Three
/// dimensions are `[count, height, width]`, four are `[count, channels, height, width]` or `[count, height, width,
/// channels]`, told apart by where the 1 or 3 is. Labels are `[count]` integers, 0 to 255; without labels all
/// images are of class 0.
///
/// In an .npz the arrays are `x_train`, `y_train`, `x_test` and `y_test`, as Keras names them, or `images` and
/// `labels` of one split, the training split. An .npy holds images alone. Without a word about the split, it is
/// the test split where there is one.
///
/// # Errors
/// [`DataError::Array`], [`DataError::NoSplit`], [`DataError::Io`]; arrays have at most
/// [`MAX_BYTES`] unpacked.
pub fn load_arrays(path: &Path, split: Option<Split>) -> Result<(ImageSet, Split), DataError> {
    let reader = open(path)?;
    let wrong = |array: &str, problem| wrong(path, array, problem);
    let packed = path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("npz"));
    let (split, names, images, labels) = if packed {
        let mut zip = archive(path, reader)?;
        let (split, names) = choose(&zip, path, split)?;
        let [images, labels] = names;
        let array = |zip: &mut Zip<_>, name| read(zip, name, MAX_BYTES).map_err(|p| wrong(name, p));
        let pixels = array(&mut zip, images)?;
        let classes = if zip.has(&member(labels)) { Some(array(&mut zip, labels)?) } else { None };
        (
            split,
            names,
            pixels.ok_or_else(|| wrong(images, ArrayProblem::Absent))?,
            classes.flatten(),
        )
    } else {
        let images =
            NpyArray::read(reader, MAX_BYTES).map_err(|problem| wrong("", problem.into()))?;
        (alone(path, split)?, ["", ""], images, None)
    };
    let (shape, pixels) = pixels(images).map_err(|problem| wrong(names[0], problem))?;
    let labels = match labels {
        Some(labels) => self::labels(&labels).map_err(|problem| wrong(names[1], problem))?,
        None => vec![0; pixels.len() / shape.iter().product::<usize>().max(1)],
    };
    Ok((ImageSet::new(path.display().to_string(), shape, pixels, labels)?, split))
}

/// One array of bytes from an .npz: what it holds, if it is there.
pub(crate) fn bytes(path: &Path, array: &str, limit: u64) -> Result<Option<NpyArray>, DataError> {
    let mut zip = archive(path, open(path)?)?;
    let wrong = |problem| wrong(path, array, problem);
    match read(&mut zip, array, limit).map_err(wrong)? {
        Some(found) if found.element != Element::U8 => Err(wrong(ArrayProblem::NotBytes)),
        found => Ok(found),
    }
}

fn open(path: &Path) -> Result<BufReader<File>, DataError> {
    Ok(BufReader::new(File::open(path).map_err(DataError::io("open", path))?))
}

fn archive(path: &Path, file: BufReader<File>) -> Result<Zip<BufReader<File>>, DataError> {
    let broken = |cause| wrong(path, "", NpyError::Io { cause }.into());
    Zip::open(file).map_err(broken)
}

fn wrong(path: &Path, array: &str, problem: ArrayProblem) -> DataError {
    DataError::Array { path: path.to_path_buf(), array: array.to_owned(), problem }
}

fn member(array: &str) -> String {
    format!("{array}.npy")
}

fn read(
    zip: &mut Zip<BufReader<File>>,
    array: &str,
    limit: u64,
) -> Result<Option<NpyArray>, ArrayProblem> {
    match zip.member(&member(array)).map_err(|cause| NpyError::Io { cause })? {
        Some(content) => Ok(Some(NpyArray::read(content, limit)?)),
        None => Ok(None),
    }
}

/// The split, and the names of its images and labels.
fn choose(
    zip: &Zip<BufReader<File>>,
    path: &Path,
    split: Option<Split>,
) -> Result<(Split, [&'static str; 2]), DataError> {
    let has = |array| zip.has(&member(array));
    match (split, has("x_train"), has("x_test")) {
        (_, false, false) => Ok((alone(path, split)?, ["images", "labels"])),
        (None | Some(Split::Test), _, true) => Ok((Split::Test, ["x_test", "y_test"])),
        (None | Some(Split::Train), true, _) => Ok((Split::Train, ["x_train", "y_train"])),
        (Some(split), train, _) => {
            let known = vec![if train { Split::Train } else { Split::Test }];
            Err(DataError::NoSplit { name: path.display().to_string(), split, known })
        }
    }
}

/// The one split of a file without any.
fn alone(path: &Path, split: Option<Split>) -> Result<Split, DataError> {
    match split {
        Some(Split::Test) => {
            let (name, split) = (path.display().to_string(), Split::Test);
            Err(DataError::NoSplit { name, split, known: vec![Split::Train] })
        }
        _ => Ok(Split::Train),
    }
}

/// Channels, height and width, and the pixels in planes.
fn pixels(array: NpyArray) -> Result<([usize; 3], Vec<u8>), ArrayProblem> {
    let NpyArray { element, dims, data } = array;
    let is_channels = |dim: usize| dim == 1 || dim == MAX_CHANNELS;
    let (shape, last) = match dims[..] {
        [_, height, width] => ([1, height, width], false),
        [_, a, b, c] => match (is_channels(a), is_channels(c)) {
            (true, false) => ([a, b, c], false),
            (false, true) => ([c, a, b], true),
            // As many channels first as last: grey images one pixel wide at most.
            (true, true) if a == 1 && c == 1 => ([1, b, 1], false),
            _ => return Err(ArrayProblem::Images { dims }),
        },
        _ => return Err(ArrayProblem::Images { dims }),
    };
    if shape.contains(&0) {
        return Err(ArrayProblem::Images { dims });
    }
    let pixels = match element {
        Element::U8 => data,
        Element::F32 => quantised(&data)?,
        _ => return Err(ArrayProblem::NotPixels),
    };
    Ok((shape, if last && shape[0] > 1 { planes(pixels, shape) } else { pixels }))
}

/// −1 to 1 in 256 steps.
fn quantised(data: &[u8]) -> Result<Vec<u8>, ArrayProblem> {
    let (floats, _) = data.as_chunks();
    let values = floats.iter().enumerate().map(|(index, &bytes)| {
        let value = f32::from_le_bytes(bytes);
        if (-1.0..=1.0).contains(&value) {
            Ok(((value + 1.0) * 127.5).round() as u8)
        } else {
            Err(ArrayProblem::Range { index, value })
        }
    });
    values.collect()
}

/// From `[count, height, width, channels]` to `[count, channels, height, width]`, image by image.
fn planes(mut pixels: Vec<u8>, shape: [usize; 3]) -> Vec<u8> {
    let [channels, height, width] = shape;
    let mut image = vec![0; channels * height * width];
    for pixels in pixels.chunks_exact_mut(channels * height * width) {
        image.copy_from_slice(pixels);
        for (channel, plane) in pixels.chunks_exact_mut(height * width).enumerate() {
            let values = image.iter().skip(channel).step_by(channels);
            plane.iter_mut().zip(values).for_each(|(pixel, &value)| *pixel = value);
        }
    }
    pixels
}

fn labels(array: &NpyArray) -> Result<Vec<u8>, ArrayProblem> {
    let NpyArray { element, dims, data } = array;
    let (bytes, signed) = match *element {
        Element::U8 => (1, false),
        Element::Int(bytes) => (bytes, true),
        Element::UInt(bytes) => (bytes, false),
        Element::F32 => return Err(ArrayProblem::NotLabels),
    };
    if !matches!(dims[..], [_] | [_, 1]) {
        return Err(ArrayProblem::Labels { dims: dims.clone() });
    }
    let values = data.chunks_exact(bytes).enumerate().map(|(index, number)| {
        // Little-endian: all but the first byte are zero in 0 to 255, and of one signed byte the highest bit.
        let fits =
            number[1..].iter().all(|&byte| byte == 0) && !(signed && bytes == 1 && number[0] > 127);
        if fits { Ok(number[0]) } else { Err(ArrayProblem::Label { index }) }
    });
    values.collect()
}
