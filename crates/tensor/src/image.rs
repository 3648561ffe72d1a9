//! The shape of a square image.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The channels and side of a square image, written `[channels, side]` in files.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(from = "[usize; 2]", into = "[usize; 2]")]
pub struct ImageShape {
    /// The number of channels: 1 for grey images, 3 for colour images.
    pub channels: usize,
    /// The height and width in pixels.
    pub side: usize,
}

impl ImageShape {
    /// Creates the shape of an image with `channels` channels of `side` × `side` pixels.
    pub const fn new(channels: usize, side: usize) -> Self {
        Self { channels, side }
    }

    /// Returns the dimensions of a batch of `count` images, `[count, channels, side, side]`.
    pub const fn batch(self, count: usize) -> [usize; 4] {
        [count, self.channels, self.side, self.side]
    }

    /// Returns the number of values of one image, channels × side².
    pub const fn len(self) -> usize {
        self.channels * self.side * self.side
    }

    /// Returns whether the image has no values.
    pub const fn is_empty(self) -> bool {
        self.len() == 0
    }
}

impl From<[usize; 2]> for ImageShape {
    fn from([channels, side]: [usize; 2]) -> Self {
        Self { channels, side }
    }
}

impl From<ImageShape> for [usize; 2] {
    fn from(shape: ImageShape) -> Self {
        [shape.channels, shape.side]
    }
}

impl fmt::Display for ImageShape {
    /// Formats the shape as `channels × side × side`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { channels, side } = self;
        write!(f, "{channels} × {side} × {side}")
    }
}
