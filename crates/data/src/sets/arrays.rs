//! Sets of images from NumPy's files: .npy of images, .npz of images and labels.

use std::path::Path;

use ebm_files::{NpyArray, NpzReader};

use super::images::ImageSet;
use crate::error::DataError;
use crate::formats::idx::MAX_BYTES;
use crate::formats::numpy::{self, ArrayProblem};
use crate::split::Split;

/// Reads images, and labels if there are any, from an .npz or .npy file, and returns their split.
///
/// Images are arrays of `|u1`, 0 to 255, or of `<f4`, −1 to 1, which are rounded to one of 256
/// values. Three dimensions are `[count, height, width]`, four are `[count, channels, height,
/// width]` or `[count, height, width, channels]`, distinguished by the position of the 1 or 3.
/// Labels are `[count]` integers, 0 to 255; without labels all images are of class 0.
///
/// In an .npz the arrays are `x_train`, `y_train`, `x_test` and `y_test`, as Keras names them, or
/// `images` and `labels` of the training split. An .npy holds images alone. Without a given split,
/// it is the test split where there is one.
///
/// # Errors
/// [`DataError::Array`], [`DataError::NoSplit`], [`DataError::Io`]. Arrays have at most
/// [`MAX_BYTES`] unpacked.
pub fn load_arrays(path: &Path, split: Option<Split>) -> Result<(ImageSet, Split), DataError> {
    let is_npz = path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("npz"));
    let (split, names, images, labels) = if is_npz {
        let mut npz = NpzReader::open_file(path)?;
        let (split, names) = choose(&npz, path, split)?;
        let [images, labels] = names.map(|name| npz.array(name, MAX_BYTES));
        let images = images?.ok_or_else(|| wrong(path, names[0], ArrayProblem::Absent))?;
        (split, names, images, labels?)
    } else {
        let images = NpyArray::read_file(path, MAX_BYTES)?;
        (only_split(path, split)?, ["", ""], images, None)
    };
    let (shape, pixels) =
        numpy::pixels(images).map_err(|problem| wrong(path, names[0], problem))?;
    let labels = match labels {
        Some(labels) => numpy::labels(&labels).map_err(|problem| wrong(path, names[1], problem))?,
        None => vec![0; pixels.len() / shape.iter().product::<usize>().max(1)],
    };
    Ok((ImageSet::new(path.display().to_string(), shape, pixels, labels)?, split))
}

fn wrong(path: &Path, array: &str, problem: ArrayProblem) -> DataError {
    DataError::Array { path: path.to_path_buf(), array: array.to_owned(), problem }
}

/// Returns the split, and the names of its images and labels.
fn choose(
    npz: &NpzReader,
    path: &Path,
    split: Option<Split>,
) -> Result<(Split, [&'static str; 2]), DataError> {
    match (split, npz.contains("x_train"), npz.contains("x_test")) {
        (_, false, false) => Ok((only_split(path, split)?, ["images", "labels"])),
        (None | Some(Split::Test), _, true) => Ok((Split::Test, ["x_test", "y_test"])),
        (None | Some(Split::Train), true, _) => Ok((Split::Train, ["x_train", "y_train"])),
        (Some(split), train, _) => {
            let known = vec![if train { Split::Train } else { Split::Test }];
            Err(DataError::NoSplit { name: path.display().to_string(), split, known })
        }
    }
}

/// Returns the training split, the only one of a file that names none.
fn only_split(path: &Path, split: Option<Split>) -> Result<Split, DataError> {
    match split {
        Some(Split::Test) => {
            let (name, split) = (path.display().to_string(), Split::Test);
            Err(DataError::NoSplit { name, split, known: vec![Split::Train] })
        }
        _ => Ok(Split::Train),
    }
}
