//! The scale of pixels.

/// Maps 0 to 255 to −1 to 1.
pub(crate) fn scaled(pixel: u8) -> f32 {
    f32::from(pixel) / 127.5 - 1.0
}
