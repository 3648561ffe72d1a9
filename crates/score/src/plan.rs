//! The frozen network, and how a batch goes through it.

use std::sync::{Mutex, PoisonError};

use pulp::Arch;
use rayon::prelude::*;

use crate::buffer::{Buffer, LINE, padded};
use crate::direct::{Direct, Layout};
use crate::network::{Geometry, Layer};
use crate::winograd::{self, Pixels, Winograd};
use crate::{Network, PlanError};

/// Samples that go through the network together on one core. Weights are read once for each such block; its
/// activations stay in the caches.
const BLOCK: usize = 16;

/// A network with frozen weights, prepared for many evaluations of its value and input gradient.
///
/// Samples are independent and every sum has a fixed order: results depend neither on the batch that a
/// sample is in nor on the number of cores.
#[derive(Debug)]
pub struct Plan {
    arch: Arch,
    image: usize,
    slope: f32,
    stages: Vec<Stage>,
    /// Most channels of a stage, padded.
    widest: usize,
    /// `[pixel, channel]` of the last stage's output.
    head: Buffer,
    head_bias: f32,
    /// Of threads that were done with them.
    workspaces: Mutex<Vec<Workspace>>,
}

/// A convolution and its LeakyReLU.
#[derive(Debug)]
struct Stage {
    method: Method,
    geometry: Geometry,
    /// Output channels, padded.
    channels: usize,
}

#[derive(Debug)]
enum Method {
    Direct(Direct),
    Winograd2(Winograd<5>),
    Winograd3(Winograd<6>),
}

/// What one thread works in.
#[derive(Debug, Default)]
struct Workspace {
    /// Output of each stage. Like the gradients: a pixel of zeros, one that nothing reads, each of the widest
    /// stage's channels, then a block of images `[sample, pixel, channel]`.
    activations: Vec<Buffer>,
    /// The gradient at a stage's sums, and the one below it in the making.
    gradients: [Buffer; 2],
    scratch: Scratch,
}

/// The factors and the results of a stage's products.
#[derive(Debug, Default)]
pub(crate) struct Scratch {
    pub(crate) left: Buffer,
    pub(crate) right: Buffer,
}

impl Plan {
    /// Prepares a network.
    ///
    /// # Errors
    /// [`PlanError`], if its arrays and sizes do not fit together.
    pub fn new(network: &Network) -> Result<Self, PlanError> {
        let geometries = network.geometries()?;
        let stages: Vec<Stage> = geometries
            .iter()
            .zip(&network.layers)
            .enumerate()
            .map(|(index, (&geometry, layer))| Stage {
                method: Method::choose(index, geometry, layer),
                geometry,
                channels: padded(geometry.channels_out),
            })
            .collect();
        let last = &geometries[geometries.len() - 1];
        let (pixels, channels) = (last.pixels_out(), padded(last.channels_out));
        let mut head = Buffer::zeros(pixels * channels);
        for (index, &weight) in network.head.iter().enumerate() {
            head[(index % pixels) * channels + index / pixels] = weight;
        }
        Ok(Self {
            arch: Arch::new(),
            image: network.input.iter().product(),
            slope: network.slope,
            widest: stages.iter().map(|stage| stage.channels).max().unwrap_or(0),
            stages,
            head,
            head_bias: network.head_bias,
            workspaces: Mutex::default(),
        })
    }

    /// f(x) of each sample and its gradient.
    ///
    /// # Shapes
    /// - `x`: `[batch, channels, height, width]`
    /// - `values`: `[batch]`
    /// - `gradient`: as `x`
    ///
    /// # Panics
    /// If the lengths do not fit together.
    pub fn value_and_gradient(&self, x: &[f32], values: &mut [f32], gradient: &mut [f32]) {
        assert_eq!(x.len(), values.len() * self.image, "x must hold one image for each value");
        assert_eq!(gradient.len(), x.len(), "the gradient must be as long as x");
        let block = block(values.len());
        values
            .par_chunks_mut(block)
            .zip(gradient.par_chunks_mut(block * self.image))
            .zip(x.par_chunks(block * self.image))
            .for_each(|((values, gradient), x)| {
                self.with_workspace(values.len(), |workspace| {
                    self.forward(workspace, x, values);
                    self.backward(workspace, gradient);
                });
            });
    }

    /// f(x) of each sample.
    ///
    /// # Shapes
    /// - `x`: `[batch, channels, height, width]`
    /// - `values`: `[batch]`
    ///
    /// # Panics
    /// If the lengths do not fit together.
    pub fn value(&self, x: &[f32], values: &mut [f32]) {
        assert_eq!(x.len(), values.len() * self.image, "x must hold one image for each value");
        let block = block(values.len());
        values.par_chunks_mut(block).zip(x.par_chunks(block * self.image)).for_each(
            |(values, x)| {
                self.with_workspace(values.len(), |workspace| self.forward(workspace, x, values));
            },
        );
    }

    /// Elements of one x.
    pub fn image_len(&self) -> usize {
        self.image
    }

    /// Multiply-adds of the value and the gradient of one image: as the network's definition counts them,
    /// and as the plan does them (transforms not counted).
    pub fn multiply_adds(&self) -> [usize; 2] {
        self.stages.iter().fold([self.head.len(); 2], |[defined, done], stage| {
            let direct = stage.geometry.multiply_adds();
            [defined + 2 * direct, done + 2 * stage.method.multiply_adds(&stage.geometry)]
        })
    }

    fn with_workspace(&self, samples: usize, work: impl FnOnce(&mut Workspace)) {
        let pool = || self.workspaces.lock().unwrap_or_else(PoisonError::into_inner);
        let mut workspace = pool().pop().unwrap_or_default();
        workspace.reserve(self, samples);
        work(&mut workspace);
        pool().push(workspace);
    }

    /// Leaves the activations in the workspace.
    fn forward(&self, workspace: &mut Workspace, x: &[f32], values: &mut [f32]) {
        let Workspace { activations, scratch, .. } = workspace;
        for (index, stage) in self.stages.iter().enumerate() {
            let (below, rest) = activations.split_at_mut(index);
            let x = below.last().map_or(x, |below| below);
            stage.forward(self, x, &mut rest[0], values.len(), scratch);
        }
        let images = activations.last().map_or(x, |last| &last[2 * self.widest..]);
        for (value, h) in values.iter_mut().zip(images.chunks_exact(self.head.len())) {
            *value = dot(self.arch, h, &self.head) + self.head_bias;
        }
    }

    /// Of the samples whose activations are in the workspace.
    fn backward(&self, workspace: &mut Workspace, dx: &mut [f32]) {
        let (samples, first) = (dx.len() / self.image, 2 * self.widest);
        let Workspace { activations, gradients: [upper, lower], scratch } = workspace;
        let images = &mut upper[first..][..samples * self.head.len()];
        images.chunks_exact_mut(self.head.len()).for_each(|h| h.copy_from_slice(&self.head));
        let (mut upper, mut lower) = (upper, lower);
        for (index, stage) in self.stages.iter().enumerate().rev() {
            let here = first..first + samples * stage.geometry.pixels_out() * stage.channels;
            let activation = &activations[index][here.clone()];
            through_leaky_relu(self.arch, &mut upper[here], activation, self.slope);
            let below = if index == 0 { &mut *dx } else { &mut lower[..] };
            stage.backward(self, upper, below, samples, scratch);
            std::mem::swap(&mut upper, &mut lower);
        }
    }
}

/// Samples of a block, so that every core has one.
fn block(samples: usize) -> usize {
    samples.div_ceil(rayon::current_num_threads()).clamp(1, BLOCK)
}

impl Workspace {
    /// Makes it large enough for `samples`.
    fn reserve(&mut self, plan: &Plan, samples: usize) {
        self.activations.resize_with(plan.stages.len(), Buffer::default);
        for (stage, activation) in plan.stages.iter().zip(&mut self.activations) {
            let len = 2 * plan.widest + samples * stage.geometry.pixels_out() * stage.channels;
            activation.reserve(len);
            self.gradients.iter_mut().for_each(|gradient| gradient.reserve(len));
            stage.reserve(&mut self.scratch);
        }
    }
}

impl Method {
    /// Winograd's tiles where they save at least a fifth of the products; never for the first convolution,
    /// whose input is not `[pixel, channel]` and has few channels.
    fn choose(index: usize, geometry: Geometry, layer: &Layer) -> Self {
        if index == 0 {
            let layout = Layout::planes(geometry.channels_in);
            return Self::Direct(Direct::new(geometry, layer, layout));
        }
        let pays = |n| {
            winograd::multiply_adds(&geometry, n)
                .is_some_and(|tiles| 5 * tiles <= 4 * geometry.multiply_adds())
        };
        if pays(6) {
            Self::Winograd3(Winograd::new(geometry, layer))
        } else if pays(5) {
            Self::Winograd2(Winograd::new(geometry, layer))
        } else {
            let layout = Layout::channels_last(geometry.channels_in);
            Self::Direct(Direct::new(geometry, layer, layout))
        }
    }

    fn multiply_adds(&self, geometry: &Geometry) -> usize {
        match self {
            Self::Direct(_) => None,
            Self::Winograd2(_) => winograd::multiply_adds(geometry, 5),
            Self::Winograd3(_) => winograd::multiply_adds(geometry, 6),
        }
        .unwrap_or(geometry.multiply_adds())
    }
}

impl Stage {
    fn reserve(&self, scratch: &mut Scratch) {
        match &self.method {
            Method::Direct(direct) => direct.reserve(scratch),
            Method::Winograd2(winograd) => winograd.reserve(scratch),
            Method::Winograd3(winograd) => winograd.reserve(scratch),
        }
    }

    fn forward(
        &self,
        plan: &Plan,
        x: &[f32],
        y: &mut [f32],
        samples: usize,
        scratch: &mut Scratch,
    ) {
        let Plan { arch, slope, widest, .. } = *plan;
        let first = 2 * widest;
        let input = Pixels { data: x, first, outside: 0 };
        let output = Pixels { data: y, first, outside: widest };
        match &self.method {
            Method::Direct(direct) => {
                let x = if direct.reads_planes() { x } else { &x[first..] };
                direct.forward(arch, x, &mut output.data[first..], samples, slope, scratch);
            }
            Method::Winograd2(layer) => layer.forward(arch, input, output, samples, slope, scratch),
            Method::Winograd3(layer) => layer.forward(arch, input, output, samples, slope, scratch),
        }
    }

    fn backward(
        &self,
        plan: &Plan,
        dz: &[f32],
        dx: &mut [f32],
        samples: usize,
        scratch: &mut Scratch,
    ) {
        let Plan { arch, widest, .. } = *plan;
        let first = 2 * widest;
        let output = Pixels { data: dz, first, outside: 0 };
        match &self.method {
            Method::Direct(direct) => {
                let dx = if direct.reads_planes() { dx } else { &mut dx[first..] };
                direct.backward(arch, &dz[first..], dx, samples, scratch);
            }
            Method::Winograd2(layer) => {
                let input = Pixels { data: dx, first, outside: widest };
                layer.backward(arch, output, input, samples, scratch);
            }
            Method::Winograd3(layer) => {
                let input = Pixels { data: dx, first, outside: widest };
                layer.backward(arch, output, input, samples, scratch);
            }
        }
    }
}

/// h·w, summed in [`LINE`] parts.
fn dot(arch: Arch, h: &[f32], w: &[f32]) -> f32 {
    arch.dispatch(|| {
        let mut sums = [0.0; LINE];
        for (h, w) in h.chunks_exact(LINE).zip(w.chunks_exact(LINE)) {
            for i in 0..LINE {
                sums[i] += h[i] * w[i];
            }
        }
        sums.iter().map(|&sum| f64::from(sum)).sum::<f64>() as f32
    })
}

/// The gradient at the sums, from that at the activations: times the slope where the sum was negative, as
/// the activation's sign tells.
fn through_leaky_relu(arch: Arch, gradient: &mut [f32], activation: &[f32], slope: f32) {
    arch.dispatch(|| {
        for (gradient, activation) in gradient.iter_mut().zip(activation) {
            *gradient *= if activation.is_sign_negative() { slope } else { 1.0 };
        }
    });
}
