//! A stage of a plan: one convolution, prepared by the method that suits it, and its LeakyReLU.

use crate::buffer::padded;
use crate::convolution::Convolution;
use crate::direct::{Direct, Layout};
use crate::geometry::Geometry;
use crate::network::Layer;
use crate::winograd::{self, Winograd};

/// A convolution and its LeakyReLU.
#[derive(Debug)]
pub(crate) struct Stage {
    pub(crate) convolution: Box<dyn Convolution>,
    pub(crate) geometry: Geometry,
    /// The number of output channels, padded.
    pub(crate) channels: usize,
}

impl Stage {
    /// Prepares layer `index` of a network.
    pub(crate) fn new(index: usize, geometry: Geometry, layer: &Layer) -> Self {
        Self {
            convolution: convolution(index, geometry, layer),
            geometry,
            channels: padded(geometry.channels_out),
        }
    }

    /// Returns the length of one sample's output, `[pixel, channel]`.
    pub(crate) fn output_len(&self) -> usize {
        self.geometry.pixels_out() * self.channels
    }

    /// Returns the elements of one sample's output in the order `[channels, height, width]`.
    pub(crate) fn planes<'a>(&self, image: &'a [f32]) -> impl Iterator<Item = f32> + 'a {
        let (channels, padded) = (self.geometry.channels_out, self.channels);
        (0..channels).flat_map(move |channel| image.iter().skip(channel).step_by(padded).copied())
    }
}

/// Chooses Winograd's tiles where they save at least a fifth of the products. The first convolution
/// is always direct: its input is not `[pixel, channel]` and has few channels.
fn convolution(index: usize, geometry: Geometry, layer: &Layer) -> Box<dyn Convolution> {
    let pays = |n| {
        index > 0
            && winograd::multiply_adds(&geometry, n)
                .is_some_and(|tiles| 5 * tiles <= 4 * geometry.multiply_adds())
    };
    if pays(6) {
        Box::new(Winograd::<6>::new(geometry, layer))
    } else if pays(5) {
        Box::new(Winograd::<5>::new(geometry, layer))
    } else if index == 0 {
        Box::new(Direct::new(geometry, layer, Layout::planes(geometry.channels_in)))
    } else {
        Box::new(Direct::new(geometry, layer, Layout::channels_last(geometry.channels_in)))
    }
}
