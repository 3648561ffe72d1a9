//! A frozen network, and the passes of a batch through it.

use std::sync::{Mutex, PoisonError};

use pulp::Arch;
use rayon::prelude::*;

use crate::activation::Activation;
use crate::addend::{Added, Addend};
use crate::buffer::{Buffer, LINE, padded};
use crate::convolution::{Pass, Pixels};
use crate::stage::Stage;
use crate::workspace::Workspace;
use crate::{Network, PlanError};

/// The number of samples that one core takes through the network together. Weights are read once
/// per block, whose activations stay in the caches.
pub(crate) const BLOCK: usize = 16;

/// A network with frozen weights, prepared for many evaluations of its value and input gradient.
///
/// Samples are independent and every sum has a fixed order, so results depend neither on the batch
/// that a sample is in nor on the number of cores.
#[derive(Debug)]
pub struct Plan {
    pub(crate) arch: Arch,
    image: usize,
    activation: Activation,
    pub(crate) stages: Vec<Stage>,
    /// The largest number of channels of a stage, padded.
    pub(crate) widest: usize,
    /// The head's weights, `[pixel, channel]` of the last stage's output.
    pub(crate) head: Buffer,
    head_bias: f32,
    /// The workspaces that no thread uses at the moment.
    workspaces: Mutex<Vec<Workspace>>,
}

impl Plan {
    /// Prepares a network.
    ///
    /// # Errors
    /// Returns a [`PlanError`] if its arrays and sizes do not fit together.
    pub fn new(network: &Network) -> Result<Self, PlanError> {
        let geometries = network.geometries()?;
        let stages: Vec<Stage> = geometries
            .iter()
            .zip(&network.layers)
            .enumerate()
            .map(|(index, (&geometry, layer))| Stage::new(index, geometry, layer))
            .collect();
        let last = &geometries[geometries.len() - 1];
        let (pixels, channels) = (last.pixels_out(), padded(last.channels_out));
        let mut head = Buffer::zeros(pixels * channels);
        for (index, &weight) in network.head.iter().enumerate() {
            head[(index % pixels) * channels + index / pixels] = weight;
        }
        let arch = Arch::new();
        Ok(Self {
            arch,
            image: network.input.iter().product(),
            activation: Activation { arch, slope: network.slope, bend: network.bend },
            widest: stages.iter().map(|stage| stage.channels).max().unwrap_or(0),
            stages,
            head,
            head_bias: network.head_bias,
            workspaces: Mutex::default(),
        })
    }

    /// Prepares values that are added to the pre-activations of layer `layer`, counted from 0.
    ///
    /// # Shapes
    /// - `planes`: `[batch, channels, height, width]` of the layer's output
    ///
    /// # Errors
    /// Returns a [`PlanError`] if there is no such layer, or if the length of `planes` is not a
    /// multiple of the layer's output.
    pub fn addend(&self, layer: usize, planes: &[f32]) -> Result<Addend, PlanError> {
        match self.stages.get(layer) {
            Some(stage) => Addend::new(layer, stage, planes),
            None => Err(PlanError::Size { name: "layer of the addend".into(), value: layer }),
        }
    }

    /// Computes f(x) of each sample and its gradient with respect to x.
    ///
    /// # Shapes
    /// - `x`: `[batch, channels, height, width]`
    /// - `addend`: one for each sample
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
                let added = addend.map(|addend| addend.block(index * block, values.len()));
                self.with_workspace(values.len(), |workspace| {
                    self.forward(workspace, x, added, values);
                    self.backward(workspace, gradient);
                });
            });
    }

    /// Computes f(x) of each sample.
    ///
    /// # Shapes
    /// - `x`: `[batch, channels, height, width]`
    /// - `addend`: one for each sample
    /// - `values`: `[batch]`
    ///
    /// # Panics
    /// If the lengths do not fit together.
    pub fn value(&self, x: &[f32], addend: Option<&Addend>, values: &mut [f32]) {
        self.check(x, addend, values.len());
        let block = block(values.len());
        let blocks = values.par_chunks_mut(block).zip(x.par_chunks(block * self.image));
        blocks.enumerate().for_each(|(index, (values, x))| {
            let added = addend.map(|addend| addend.block(index * block, values.len()));
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

    /// Returns the number of elements of one x.
    pub fn image_len(&self) -> usize {
        self.image
    }

    /// Returns the multiply-adds of one image's value and gradient: first the number that the
    /// network's definition implies, then the number that the plan performs (without transforms).
    pub fn multiply_adds(&self) -> [usize; 2] {
        self.stages.iter().fold([self.head.len(); 2], |[defined, done], stage| {
            let direct = stage.geometry.multiply_adds();
            [defined + 2 * direct, done + 2 * stage.convolution.multiply_adds()]
        })
    }

    pub(crate) fn with_workspace(&self, samples: usize, work: impl FnOnce(&mut Workspace)) {
        let pool = || self.workspaces.lock().unwrap_or_else(PoisonError::into_inner);
        let mut workspace = pool().pop().unwrap_or_default();
        workspace.reserve(&self.stages, self.widest, samples);
        work(&mut workspace);
        pool().push(workspace);
    }

    /// Computes f(x) of a block of samples and leaves their activations in the workspace.
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
            // A slope of 1 leaves the sums unchanged until the addend has been added.
            let slope = if added.is_some() { 1.0 } else { self.activation.fused_slope() };
            let pass = Pass { slope, ..self.pass(values.len()) };
            stage.convolution.forward(pass, x, self.write(index + 1, &mut rest[0]), scratch);
            let sums = &mut rest[0][2 * self.widest..][..values.len() * stage.output_len()];
            if let Some(added) = added {
                self.arch.dispatch(|| {
                    sums.iter_mut().zip(added.values).for_each(|(sum, added)| *sum += added);
                });
            }
            if added.is_some() || self.activation.bend > 0.0 {
                self.activation.apply(sums);
            }
        }
        let images = activations.last().map_or(x, |last| &last[2 * self.widest..]);
        for (value, h) in values.iter_mut().zip(images.chunks_exact(self.head.len())) {
            *value = dot(self.arch, h, &self.head) + self.head_bias;
        }
    }

    /// Computes the input gradient of the samples whose activations are in the workspace.
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

    /// Turns the gradient with respect to a stage's activations into the one with respect to its
    /// pre-activations.
    pub(crate) fn enter(
        &self,
        stage: &Stage,
        gradient: &mut [f32],
        activation: &[f32],
        samples: usize,
    ) {
        let first = 2 * self.widest;
        let here = first..first + samples * stage.output_len();
        self.activation.multiply_derivative(&mut gradient[here.clone()], &activation[here]);
    }

    pub(crate) fn pass(&self, samples: usize) -> Pass {
        Pass { arch: self.arch, samples, slope: self.activation.fused_slope() }
    }

    /// Returns the input of a stage: the images themselves or the activations below.
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

    /// Wraps a workspace buffer for reading: its pixel of zeros represents positions outside.
    pub(crate) fn read<'a>(&self, data: &'a [f32]) -> Pixels<&'a [f32]> {
        Pixels { data, first: 2 * self.widest, outside: 0 }
    }

    /// Wraps the buffer at the input of stage `index` for writing: its second pixel takes the
    /// values outside.
    pub(crate) fn write<'a>(&self, index: usize, data: &'a mut [f32]) -> Pixels<&'a mut [f32]> {
        let first = if index == 0 { 0 } else { 2 * self.widest };
        Pixels { data, first, outside: self.widest }
    }
}

/// Returns the block size with which every core gets the same number of blocks.
fn block(samples: usize) -> usize {
    let threads = rayon::current_num_threads();
    let blocks = samples.div_ceil(BLOCK * threads) * threads;
    samples.div_ceil(blocks.max(1)).max(1)
}

/// Returns h·w, accumulated in [`LINE`] partial sums.
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
