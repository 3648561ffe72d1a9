//! Pictures, PNG or JPEG, as images of a given shape: cropped about their centre, scaled, in
//! planes.
//!
//! Nothing in a file is trusted: the dimensions in its header are checked before anything of their
//! size is allocated.

use std::io::Cursor;

use image::{
    DynamicImage, GrayImage, ImageDecoder, ImageError, ImageFormat, ImageReader, Limits, RgbImage,
};
use thiserror::Error;

use super::resample::{Crop, scale};

/// The greatest length of a picture's file (32 MiB).
pub(crate) const MAX_FILE_BYTES: u64 = 1 << 25;
/// The greatest number of a picture's pixels (4 096 × 4 096).
pub(crate) const MAX_PIXELS: u64 = 1 << 24;
/// The greatest size of a decoded picture: 16 Mi pixels of four channels of 16 bits (128 MiB).
pub(crate) const MAX_DECODED_BYTES: u64 = 1 << 27;

/// A reason for which a picture is rejected.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum PictureProblem {
    /// The content is of another format, whatever the name.
    #[error("is neither PNG nor JPEG by its first bytes")]
    Format,

    /// A JPEG lacks its end.
    #[error("is a JPEG without its end, cut short")]
    CutShort,

    /// The decoder rejects the content.
    #[error("is broken or cut short ({cause})")]
    Broken {
        /// The decoder's reason.
        cause: ImageError,
    },

    /// The picture has more pixels than are read, or none.
    #[error("is {width} × {height}, expected at least one pixel and at most {limit}")]
    Size {
        /// The width in the header.
        width: u32,
        /// The height in the header.
        height: u32,
        /// The greatest number of pixels.
        limit: u64,
    },

    /// The file is too long.
    #[error("is longer than {limit} bytes")]
    TooLong {
        /// The greatest length.
        limit: u64,
    },
}

/// The part of a picture that becomes an image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    Whole,
    LeftHalf,
    RightHalf,
}

/// A decoded picture, in the wanted colours.
pub(crate) enum Picture {
    Grey(GrayImage),
    Colour(RgbImage),
}

/// Decodes a file: one channel is grey (Rec. 709's luma), three are red, green and blue.
/// Transparency is dropped.
pub(crate) fn decode(bytes: &[u8], channels: usize) -> Result<Picture, PictureProblem> {
    let decoded = decoded(bytes)?;
    Ok(match channels {
        1 => Picture::Grey(decoded.into_luma8()),
        _ => Picture::Colour(decoded.into_rgb8()),
    })
}

fn decoded(bytes: &[u8]) -> Result<DynamicImage, PictureProblem> {
    // The content decides the format: in collections from the web, extensions and contents do not
    // always agree.
    let Ok(format @ (ImageFormat::Png | ImageFormat::Jpeg)) = image::guess_format(bytes) else {
        return Err(PictureProblem::Format);
    };
    if format == ImageFormat::Jpeg && !has_an_end(bytes) {
        return Err(PictureProblem::CutShort);
    }
    let broken = |cause| PictureProblem::Broken { cause };
    let mut limits = Limits::default();
    limits.max_alloc = Some(MAX_DECODED_BYTES);
    let mut reader = ImageReader::with_format(Cursor::new(bytes), format);
    reader.limits(limits);
    let decoder = reader.into_decoder().map_err(broken)?;
    let (width, height) = decoder.dimensions();
    let pixels = u64::from(width) * u64::from(height);
    if pixels == 0 || pixels > MAX_PIXELS || decoder.total_bytes() > MAX_DECODED_BYTES {
        return Err(PictureProblem::Size { width, height, limit: MAX_PIXELS });
    }
    DynamicImage::from_decoder(decoder).map_err(broken)
}

/// Returns whether an end of image follows the last start of a scan: the decoder silently fills the
/// missing part of a truncated JPEG with grey.
fn has_an_end(jpeg: &[u8]) -> bool {
    let last = |marker: [u8; 2]| jpeg.windows(2).rposition(|bytes| bytes == marker);
    last([0xff, 0xd9]) > last([0xff, 0xda])
}

/// Writes `part` of a picture as `[channels, height, width]`: the largest rectangle of the image's
/// proportions about its centre, scaled by a triangle filter as wide as the scale (bilinear,
/// without aliasing).
///
/// # Errors
/// [`PictureProblem::Size`] if the part has no pixels.
pub(crate) fn fit(
    picture: &Picture,
    part: Part,
    shape: [usize; 3],
    image: &mut [u8],
) -> Result<(), PictureProblem> {
    let (width, height) = match picture {
        Picture::Grey(grey) => grey.dimensions(),
        Picture::Colour(colours) => colours.dimensions(),
    };
    let (left, part_width) = match part {
        Part::Whole => (0, width),
        Part::LeftHalf => (0, width / 2),
        Part::RightHalf => (width - width / 2, width / 2),
    };
    if part_width == 0 {
        return Err(PictureProblem::Size { width: part_width, height, limit: MAX_PIXELS });
    }
    let [_, to_height, to_width] = shape;
    let (crop_width, crop_height) = largest(part_width, height, to_width as u64, to_height as u64);
    let crop = Crop {
        left: (left + (part_width - crop_width) / 2) as usize,
        top: ((height - crop_height) / 2) as usize,
        width: crop_width as usize,
        height: crop_height as usize,
    };
    match picture {
        Picture::Grey(grey) => scale::<1>(grey, width as usize, crop, shape, image),
        Picture::Colour(colours) => scale::<3>(colours, width as usize, crop, shape, image),
    }
    Ok(())
}

/// Returns the largest rectangle of the proportions `to_width : to_height` that fits, at least 1 ×
/// 1.
fn largest(width: u32, height: u32, to_width: u64, to_height: u64) -> (u32, u32) {
    let (w, h) = (u64::from(width), u64::from(height));
    // Rounded to the nearest; never longer than the side that it is cut from.
    let scaled = |side: u64, times: u64, by: u64| ((side * times + by / 2) / by).max(1);
    if w * to_height <= h * to_width {
        (width, scaled(w, to_height, to_width).min(h) as u32)
    } else {
        (scaled(h, to_width, to_height).min(w) as u32, height)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_largest_rectangle_keeps_the_proportions() {
        assert_eq!(largest(178, 218, 64, 64), (178, 178));
        assert_eq!(largest(936, 537, 64, 64), (537, 537));
        assert_eq!(largest(100, 100, 2, 1), (100, 50));
        assert_eq!(largest(1, 1000, 1000, 1), (1, 1));
    }
}
