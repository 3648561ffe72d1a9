//! Images and labels in NumPy's arrays.

use ebm_files::{ElementType, NpyArray, NpyError, ZipError};
use thiserror::Error;

const MAX_CHANNELS: usize = 3;

/// A reason for which an array is rejected as images or labels.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ArrayProblem {
    /// The bytes are not an array.
    #[error("{0}")]
    Npy(#[from] NpyError),

    /// The file is not an archive of arrays.
    #[error("cannot be read as .npz: {0}")]
    Zip(#[from] ZipError),

    /// No array has that name.
    #[error(
        "is not there: expected `images` and `labels`, or `x_train`, `y_train`, `x_test`, `y_test`"
    )]
    Absent,

    /// The dimensions are not those of images, or can be read in two ways.
    #[error(
        "is {shape:?}, expected [count, height, width], or with 1 or 3 channels before or after \
         height and width, not both"
    )]
    Images {
        /// The dimensions.
        shape: Vec<usize>,
    },

    /// The dimensions are not those of labels.
    #[error("is {shape:?}, expected [count]")]
    Labels {
        /// The dimensions.
        shape: Vec<usize>,
    },

    /// The type of the elements is not the expected one.
    #[error("has elements of type {found}, expected {expected}")]
    Element {
        /// The type of the elements in the file.
        found: ElementType,
        /// The types that can be used.
        expected: &'static str,
    },

    /// A pixel is outside of the range of images.
    #[error("has {value} at element {index}, expected −1 to 1 of floating-point pixels")]
    Range {
        /// The element, in the file's order.
        index: usize,
        /// The value of the pixel.
        value: f32,
    },

    /// A label does not fit a byte.
    #[error("has a label of image {index} outside of 0 to 255")]
    Label {
        /// The image, counted from 0.
        index: usize,
    },
}

/// Returns channels, height and width, and the pixels in planes.
pub(crate) fn pixels(array: NpyArray) -> Result<([usize; 3], Vec<u8>), ArrayProblem> {
    let is_channels = |dim: usize| dim == 1 || dim == MAX_CHANNELS;
    let wrong = || ArrayProblem::Images { shape: array.shape().to_vec() };
    let (shape, channels_last) = match *array.shape() {
        [_, height, width] => ([1, height, width], false),
        [_, a, b, c] => match (is_channels(a), is_channels(c)) {
            (true, false) => ([a, b, c], false),
            (false, true) => ([c, a, b], true),
            // Both the first and the last dimension are 1: grey images that are one pixel wide, in
            // either order.
            (true, true) if a == 1 && c == 1 => ([1, b, 1], false),
            _ => return Err(wrong()),
        },
        _ => return Err(wrong()),
    };
    if shape.contains(&0) {
        return Err(wrong());
    }
    let pixels = match array.element() {
        ElementType::U8 => array.into_data(),
        ElementType::F32 => quantised(array.data())?,
        found => {
            let expected = "|u1 (0 to 255) or <f4 (−1 to 1)";
            return Err(ArrayProblem::Element { found, expected });
        }
    };
    Ok((shape, if channels_last && shape[0] > 1 { planes(pixels, shape) } else { pixels }))
}

/// Rounds −1 to 1 to 256 steps.
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

/// Reorders `[count, height, width, channels]` as `[count, channels, height, width]`, image by
/// image.
fn planes(mut pixels: Vec<u8>, [channels, height, width]: [usize; 3]) -> Vec<u8> {
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

/// Returns labels of one byte.
pub(crate) fn labels(array: &NpyArray) -> Result<Vec<u8>, ArrayProblem> {
    let (bytes, signed) = match array.element() {
        ElementType::Unsigned(bytes) => (bytes, false),
        ElementType::Signed(bytes) => (bytes, true),
        found => return Err(ArrayProblem::Element { found, expected: "integers" }),
    };
    if !matches!(array.shape(), [_] | [_, 1]) {
        return Err(ArrayProblem::Labels { shape: array.shape().to_vec() });
    }
    let values = array.data().chunks_exact(bytes).enumerate().map(|(index, number)| {
        // Little-endian: in 0 to 255 all but the first byte are zero, and so is the sign of a
        // signed byte.
        let fits =
            number[1..].iter().all(|&byte| byte == 0) && !(signed && bytes == 1 && number[0] > 127);
        if fits { Ok(number[0]) } else { Err(ArrayProblem::Label { index }) }
    });
    values.collect()
}
