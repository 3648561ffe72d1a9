//! The frozen network, and how a batch goes through it.

use std::sync::{Mutex, PoisonError};

use pulp::Arch;
use rayon::prelude::*;

use crate::addend::{Added, Addend};
use crate::buffer::{Buffer, LINE, padded};
use crate::direct::{Direct, Layout};
use crate::network::{Geometry, Layer};
use crate::winograd::{self, Winograd};
use crate::{Network, PlanError};

/// Samples that go through the network together on one core. Weights are read once for each such block; its
/// activations stay in the caches.
pub(crate) const BLOCK: usize = 16;

/// A network with frozen weights, prepared for many evaluations of its value and input gradient.
///
/// Samples are independent and every sum has a fixed order: results depend neither on the batch that a
/// sample is in nor on the number of cores.
#[derive(Debug)]
pub struct Plan {
    pub(crate) arch: Arch,
    image: usize,
    slope: f32,
    pub(crate) stages: Vec<Stage>,
    /// Most channels of a stage, padded.
    pub(crate) widest: usize,
    /// `[pixel, channel]` of the last stage's output.
    pub(crate) head: Buffer,
    head_bias: f32,
    /// Of threads that were done with them.
    workspaces: Mutex<Vec<Workspace>>,
}

/// A convolution and its LeakyReLU.
#[derive(Debug)]
pub(crate) struct Stage {
    pub(crate) convolution: Box<dyn Convolution>,
    pub(crate) geometry: Geometry,
    /// Output channels, padded.
    pub(crate) channels: usize,
}

/// One way to do a convolution. Gradients at the output, `dz`, are those at the sums that enter the LeakyReLU.
pub(crate) trait Convolution: std::fmt::Debug + Send + Sync {
    /// Makes the scratch large enough for `forward` and `backward`.
    fn reserve(&self, scratch: &mut Scratch);

    /// y = LeakyReLU(conv(x) + bias).
    fn forward(&self, pass: Pass, x: Pixels<&[f32]>, y: Pixels<&mut [f32]>, scratch: &mut Scratch);

    /// dx = the gradient at the input.
    fn backward(
        &self,
        pass: Pass,
        dz: Pixels<&[f32]>,
        dx: Pixels<&mut [f32]>,
        scratch: &mut Scratch,
    );

    /// Floats of the weights' gradient, in this method's own form.
    fn gradient_len(&self) -> usize;

    /// Adds the weights' gradient to `sum`.
    fn accumulate(
        &self,
        pass: Pass,
        x: Pixels<&[f32]>,
        dz: Pixels<&[f32]>,
        sum: &mut [f32],
        scratch: &mut Scratch,
    );

    /// The weights' gradient as the network's definition orders it.
    fn finish(&self, sum: &[f32]) -> Vec<f32>;

    /// Multiply-adds of one image, forward.
    fn multiply_adds(&self) -> usize;
}

/// What the convolutions of one pass have in common.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pass {
    pub(crate) arch: Arch,
    pub(crate) samples: usize,
    pub(crate) slope: f32,
}

/// Images in a buffer: `[sample, pixel, channel]`, but for the first input, `[sample, channel, pixel]`.
#[derive(Debug)]
pub(crate) struct Pixels<T> {
    pub(crate) data: T,
    /// Where the first image begins.
    pub(crate) first: usize,
    /// Where a pixel begins that stands for all outside of the images: zeros where it is read; written and
    /// never read elsewhere.
    pub(crate) outside: usize,
}

impl Pixels<&mut [f32]> {
    pub(crate) fn reborrow(&mut self) -> Pixels<&mut [f32]> {
        Pixels { data: &mut *self.data, first: self.first, outside: self.outside }
    }
}

/// What one thread works in.
#[derive(Debug, Default)]
pub(crate) struct Workspace {
    /// Output of each stage. Like the gradients: a pixel of zeros, one that nothing reads, each of the widest
    /// stage's channels, then a block of images `[sample, pixel, channel]`.
    pub(crate) activations: Vec<Buffer>,
    /// The gradient at a stage's sums, and the one below it in the making.
    pub(crate) gradients: [Buffer; 2],
    pub(crate) scratch: Scratch,
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
                convolution: convolution(index, geometry, layer),
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
    /// - `addend`: of as many samples
    /// - `values`: `[batch]`
    /// - `gradient`: as `x`
    ///
    /// # Panics
    /// If the lengths do not fit together.
    pub fn value_and_gradient(
        &self,
        x: &[f32],
        addend: Option<&Addend>,
        values: &mut [f32],
        gradient: &mut [f32],
    ) {
        self.check(x, addend, values.len());
        assert_eq!(gradient.len(), x.len(), "the gradient must be as long as x");
        let block = block(values.len());
        values
            .par_chunks_mut(block)
            .zip(gradient.par_chunks_mut(block * self.image))
            .zip(x.par_chunks(block * self.image))
            .enumerate()
            .for_each(|(index, ((values, gradient), x))| {
                let added = addend.map(|addend| addend.of(index * block, values.len()));
                self.with_workspace(values.len(), |workspace| {
                    self.forward(workspace, x, added, values);
                    self.backward(workspace, gradient);
                });
            });
    }

    /// f(x) of each sample.
    ///
    /// # Shapes
    /// - `x`: `[batch, channels, height, width]`
    /// - `addend`: of as many samples
    /// - `values`: `[batch]`
    ///
    /// # Panics
    /// If the lengths do not fit together.
    pub fn value(&self, x: &[f32], addend: Option<&Addend>, values: &mut [f32]) {
        self.check(x, addend, values.len());
        let block = block(values.len());
        let blocks = values.par_chunks_mut(block).zip(x.par_chunks(block * self.image));
        blocks.enumerate().for_each(|(index, (values, x))| {
            let added = addend.map(|addend| addend.of(index * block, values.len()));
            self.with_workspace(values.len(), |workspace| {
                self.forward(workspace, x, added, values);
            });
        });
    }

    pub(crate) fn check(&self, x: &[f32], addend: Option<&Addend>, samples: usize) {
        assert_eq!(x.len(), samples * self.image, "x must hold one image for each value");
        if let Some(addend) = addend {
            assert_eq!(addend.len(), samples, "the addend must have one part for each value");
        }
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
            [defined + 2 * direct, done + 2 * stage.convolution.multiply_adds()]
        })
    }

    pub(crate) fn with_workspace(&self, samples: usize, work: impl FnOnce(&mut Workspace)) {
        let pool = || self.workspaces.lock().unwrap_or_else(PoisonError::into_inner);
        let mut workspace = pool().pop().unwrap_or_default();
        workspace.reserve(self, samples);
        work(&mut workspace);
        pool().push(workspace);
    }

    /// Leaves the activations in the workspace.
    pub(crate) fn forward(
        &self,
        workspace: &mut Workspace,
        x: &[f32],
        added: Option<Added<'_>>,
        values: &mut [f32],
    ) {
        let Workspace { activations, scratch, .. } = workspace;
        for (index, stage) in self.stages.iter().enumerate() {
            let (below, rest) = activations.split_at_mut(index);
            let x = self.input(index, x, below);
            let added = added.filter(|added| added.stage == index);
            // A slope of 1 leaves the sums as they are, for the addend.
            let slope = if added.is_some() { 1.0 } else { self.slope };
            let pass = Pass { slope, ..self.pass(values.len()) };
            stage.convolution.forward(pass, x, self.write(index + 1, &mut rest[0]), scratch);
            if let Some(added) = added {
                let sums = &mut rest[0][2 * self.widest..][..added.values.len()];
                self.arch.dispatch(|| {
                    // A copy: behind `self` it might be one of the sums, which keeps the loop from being vectors.
                    let slope = self.slope;
                    for (sum, added) in sums.iter_mut().zip(added.values) {
                        let z = *sum + added;
                        *sum = if z > 0.0 { z } else { slope * z };
                    }
                });
            }
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
            self.enter(stage, upper, &activations[index], samples);
            let below = if index == 0 { &mut *dx } else { &mut lower[..] };
            let (dz, below) = (self.read(upper), self.write(index, below));
            stage.convolution.backward(self.pass(samples), dz, below, scratch);
            std::mem::swap(&mut upper, &mut lower);
        }
    }

    /// The gradient at a stage's sums, from that at its activations: times the slope where the sum, and so the
    /// activation, was not positive.
    pub(crate) fn enter(
        &self,
        stage: &Stage,
        gradient: &mut [f32],
        activation: &[f32],
        samples: usize,
    ) {
        let first = 2 * self.widest;
        let here = first..first + samples * stage.geometry.pixels_out() * stage.channels;
        let (gradient, activation) = (&mut gradient[here.clone()], &activation[here]);
        self.arch.dispatch(|| {
            let slope = self.slope;
            for (gradient, activation) in gradient.iter_mut().zip(activation) {
                *gradient *= if *activation > 0.0 { 1.0 } else { slope };
            }
        });
    }

    pub(crate) fn pass(&self, samples: usize) -> Pass {
        Pass { arch: self.arch, samples, slope: self.slope }
    }

    /// The input of a stage: the images themselves, or the activations below.
    pub(crate) fn input<'a>(
        &self,
        index: usize,
        x: &'a [f32],
        activations: &'a [Buffer],
    ) -> Pixels<&'a [f32]> {
        match index {
            0 => Pixels { data: x, first: 0, outside: 0 },
            _ => self.read(&activations[index - 1]),
        }
    }

    /// A buffer of the workspace, its pixel of zeros for what is outside.
    pub(crate) fn read<'a>(&self, data: &'a [f32]) -> Pixels<&'a [f32]> {
        Pixels { data, first: 2 * self.widest, outside: 0 }
    }

    /// A buffer at the input of stage `index`, its second pixel for what is outside.
    pub(crate) fn write<'a>(&self, index: usize, data: &'a mut [f32]) -> Pixels<&'a mut [f32]> {
        let first = if index == 0 { 0 } else { 2 * self.widest };
        Pixels { data, first, outside: self.widest }
    }
}

impl Stage {
    /// Floats of its output for one sample, `[pixel, channel]`.
    pub(crate) fn output_len(&self) -> usize {
        self.geometry.pixels_out() * self.channels
    }

    /// `[pixel, channel]` of the output of one sample as `[channels, height, width]`.
    pub(crate) fn planes<'a>(&self, image: &'a [f32]) -> impl Iterator<Item = f32> + 'a {
        let (channels, padded) = (self.geometry.channels_out, self.channels);
        (0..channels).flat_map(move |channel| image.iter().skip(channel).step_by(padded).copied())
    }
}

/// Samples of a block, so that every core has as many blocks.
fn block(samples: usize) -> usize {
    let threads = rayon::current_num_threads();
    let blocks = samples.div_ceil(BLOCK * threads) * threads;
    samples.div_ceil(blocks.max(1)).max(1)
}

impl Workspace {
    /// Makes it large enough for `samples`.
    fn reserve(&mut self, plan: &Plan, samples: usize) {
        self.activations.resize_with(plan.stages.len(), Buffer::default);
        for (stage, activation) in plan.stages.iter().zip(&mut self.activations) {
            let len = 2 * plan.widest + samples * stage.geometry.pixels_out() * stage.channels;
            activation.reserve(len);
            self.gradients.iter_mut().for_each(|gradient| gradient.reserve(len));
            stage.convolution.reserve(&mut self.scratch);
        }
    }
}

/// Winograd's tiles where they save at least a fifth of the products; never for the first convolution, whose
/// input is not `[pixel, channel]` and has few channels.
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
