//! The gradient with respect to the weights.

use rayon::prelude::*;

use crate::addend::Added;
use crate::buffer::Buffer;
use crate::plan::BLOCK;
use crate::workspace::Workspace;
use crate::{Addend, Plan};

/// The number of partial sums that are accumulated in parallel, each as large as the transformed
/// weights. Neither it nor the samples of each sum depend on the machine, so the total has the same
/// bits everywhere. Further cores share the products within a sum.
const SUMS: usize = 2;

/// The gradient Σᵢ cᵢ·∇θ f(xᵢ), in the shapes of a [`Network`](crate::Network).
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct WeightGradient {
    /// The gradient of each layer.
    pub layers: Vec<LayerGradient>,
    /// The gradient of the head, `[channels, height, width]`.
    pub head: Vec<f32>,
    /// The gradient of the head's bias, Σᵢ cᵢ.
    pub head_bias: f32,
    /// The gradient with respect to the addend, `[batch, channels, height, width]` of its layer;
    /// empty without one.
    pub addend: Vec<f32>,
}

/// The gradient of one layer's parameters, in the shapes of a [`Layer`](crate::Layer).
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct LayerGradient {
    /// The weight, `[channels, input channels, kernel, kernel]`.
    pub weight: Vec<f32>,
    /// The bias, `[channels]`, also where the layer has no bias.
    pub bias: Vec<f32>,
}

/// A partial sum, in the stages' own layouts.
struct Sum {
    weights: Vec<Buffer>,
    biases: Vec<Buffer>,
    head: Buffer,
    /// The addend's gradient, sample after sample, `[pixel, channel]`.
    addend: Vec<f32>,
}

impl Plan {
    /// Computes f(x) of each sample and the gradient of Σᵢ cᵢ·f(xᵢ) with respect to the weights.
    ///
    /// # Shapes
    /// - `x`: `[batch, channels, height, width]`
    /// - `addend`: one for each sample
    /// - `coefficients`, `values`: `[batch]`
    ///
    /// # Panics
    /// If the lengths do not fit together.
    pub fn weight_gradient(
        &self,
        x: &[f32],
        addend: Option<&Addend>,
        coefficients: &[f32],
        values: &mut [f32],
    ) -> WeightGradient {
        let image = self.image_len();
        self.check(x, addend, values.len());
        assert_eq!(coefficients.len(), values.len(), "one coefficient for each value");
        let part = values.len().div_ceil(SUMS).max(1);
        let mut sums: Vec<Sum> = values
            .par_chunks_mut(part)
            .zip(x.par_chunks(part * image))
            .zip(coefficients.par_chunks(part))
            .enumerate()
            .map(|(index, ((values, x), coefficients))| {
                let mut sum = Sum::new(self);
                let mut first = index * part;
                let blocks = values.chunks_mut(BLOCK).zip(x.chunks(BLOCK * image));
                for ((values, x), coefficients) in blocks.zip(coefficients.chunks(BLOCK)) {
                    let added = addend.map(|addend| addend.block(first, values.len()));
                    first += values.len();
                    self.with_workspace(values.len(), |workspace| {
                        self.forward(workspace, x, added, values);
                        self.accumulate(workspace, x, added, coefficients, &mut sum);
                    });
                }
                sum
            })
            .collect();
        let mut total = if sums.is_empty() { Sum::new(self) } else { sums.remove(0) };
        for sum in &mut sums {
            total.add(sum);
        }
        WeightGradient {
            layers: self
                .stages
                .iter()
                .zip(total.weights.iter().zip(&total.biases))
                .map(|(stage, (weights, biases))| LayerGradient {
                    weight: stage.convolution.finish(weights),
                    bias: biases[..stage.geometry.channels_out].to_vec(),
                })
                .collect(),
            head: self
                .stages
                .last()
                .map_or_else(Vec::new, |last| last.planes(&total.head).collect()),
            head_bias: coefficients.iter().map(|&c| f64::from(c)).sum::<f64>() as f32,
            addend: addend.map_or_else(Vec::new, |addend| {
                let stage = &self.stages[addend.stage()];
                let images = total.addend.chunks_exact(stage.output_len());
                images.flat_map(|image| stage.planes(image)).collect()
            }),
        }
    }

    /// Adds the gradients of the samples whose activations are in the workspace.
    fn accumulate(
        &self,
        workspace: &mut Workspace,
        x: &[f32],
        added: Option<Added<'_>>,
        coefficients: &[f32],
        sum: &mut Sum,
    ) {
        let (samples, first) = (coefficients.len(), 2 * self.widest);
        let Workspace { activations, gradients: [upper, lower], scratch } = workspace;
        let Some(last) = activations.last() else { return };
        let len = self.head.len();
        let images = last[first..].chunks_exact(len).zip(upper[first..].chunks_exact_mut(len));
        self.arch.dispatch(|| {
            for ((h, dh), &c) in images.zip(coefficients) {
                sum.head.iter_mut().zip(h).for_each(|(sum, h)| *sum += c * h);
                dh.iter_mut().zip(&*self.head).for_each(|(dh, w)| *dh = c * w);
            }
        });
        let (mut upper, mut lower) = (upper, lower);
        for (index, stage) in self.stages.iter().enumerate().rev() {
            self.enter(stage, upper, &activations[index], samples);
            let dz = &upper[first..][..samples * stage.output_len()];
            if added.is_some_and(|added| added.stage == index) {
                sum.addend.extend_from_slice(dz);
            }
            let bias = &mut sum.biases[index];
            self.arch.dispatch(|| {
                for dz in dz.chunks_exact(stage.channels) {
                    bias.iter_mut().zip(dz).for_each(|(sum, dz)| *sum += dz);
                }
            });
            let (pass, below) = (self.pass(samples), self.input(index, x, activations));
            let weights = &mut sum.weights[index];
            stage.convolution.accumulate(pass, below, self.read(upper), weights, scratch);
            if index > 0 {
                let below = self.write(index, lower);
                stage.convolution.backward(pass, self.read(upper), below, scratch);
                std::mem::swap(&mut upper, &mut lower);
            }
        }
    }
}

impl Sum {
    fn new(plan: &Plan) -> Self {
        Self {
            weights: plan
                .stages
                .iter()
                .map(|stage| Buffer::zeros(stage.convolution.gradient_len()))
                .collect(),
            biases: plan.stages.iter().map(|stage| Buffer::zeros(stage.channels)).collect(),
            head: Buffer::zeros(plan.head.len()),
            addend: Vec::new(),
        }
    }

    /// Adds the partial sum of later samples.
    fn add(&mut self, other: &mut Self) {
        self.addend.append(&mut other.addend);
        let mine = self.weights.iter_mut().chain(&mut self.biases).chain([&mut self.head]);
        let others = other.weights.iter().chain(&other.biases).chain([&other.head]);
        mine.zip(others).for_each(|(mine, other)| {
            let (mine, other): (&mut [f32], &[f32]) = (mine, other);
            mine.par_iter_mut().with_min_len(1 << 16).zip(other).for_each(|(mine, other)| {
                *mine += other;
            });
        });
    }
}
