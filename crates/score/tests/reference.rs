//! Plans against the definition, in double precision: loops over every tap, forward and back.

use ebm_score::{Layer, Network, Plan, PlanError};
use ebm_testing::{SplitMix64, assert_close};
use proptest::prelude::*;

/// A generator of numbers in [−1, 1), for weights and inputs.
struct Numbers(SplitMix64);

impl Numbers {
    fn new(seed: u64) -> Self {
        Self(SplitMix64::new(seed))
    }

    fn many(&mut self, len: usize, scale: f32) -> Vec<f32> {
        (0..len).map(|_| self.0.symmetric() * scale).collect()
    }
}

/// The channels, kernel, stride and padding of each layer.
type Shape = (usize, usize, usize, [usize; 4]);

/// Returns a random network; `None` if a kernel does not fit.
fn network(input: [usize; 3], shapes: &[Shape], slope: f32, seed: u64) -> Option<Network> {
    let mut numbers = Numbers::new(seed);
    let [mut channels, mut height, mut width] = input;
    let mut layers = Vec::new();
    for &(out, kernel, stride, padding) in shapes {
        let side = |size: usize, padding: usize| {
            (size + padding).checked_sub(kernel).map(|rest| rest / stride + 1)
        };
        (height, width) =
            (side(height, padding[0] + padding[2])?, side(width, padding[1] + padding[3])?);
        let fan_in = channels * kernel * kernel;
        let weight = numbers.many(out * fan_in, (3.0 / fan_in as f32).sqrt());
        let layer = Layer::new(out, kernel, weight).with_stride(stride).with_padding(padding);
        layers.push(layer.with_bias(numbers.many(out, 0.1)));
        channels = out;
    }
    let len = channels * height * width;
    let head = numbers.many(len, (3.0 / len as f32).sqrt());
    Some(Network::new(input, layers, head).with_slope(slope).with_head_bias(0.3))
}

/// The gradient jumps where a sum that enters a LeakyReLU changes its sign. Nearer to zero than
/// this, single precision does not know the sign (sums are of order 1). [`WIDE_KINK`] is for
/// networks that nobody looked at.
const KINK: f64 = 3e-6;
const WIDE_KINK: f64 = 2e-5;

/// The gradient ∇f of one image: with respect to x, and to weight and bias of each layer.
type Gradients = (Vec<f64>, Vec<[Vec<f64>; 2]>);

/// Computes f(x), h_L and ∇f of one image, by the definition; `None` for a gradient nearer than
/// `kink` to a jump.
fn definition(network: &Network, x: &[f32], kink: f64) -> (f64, Vec<f64>, Option<Gradients>) {
    let slope = f64::from(network.slope);
    let [mut channels, mut height, mut width] = network.input;
    // Input sizes and input of each layer.
    let mut trace = Vec::new();
    let mut h: Vec<f64> = x.iter().map(|&x| f64::from(x)).collect();
    for layer in &network.layers {
        let [top, left, bottom, right] = layer.padding;
        let out = [
            (height + top + bottom - layer.kernel) / layer.stride + 1,
            (width + left + right - layer.kernel) / layer.stride + 1,
        ];
        let mut sums = vec![0.0; layer.channels * out[0] * out[1]];
        taps(layer, [channels, height, width], out, |from, to, weight| {
            sums[to] += h[from] * f64::from(layer.weight[weight]);
        });
        for (index, sum) in sums.iter_mut().enumerate() {
            *sum += layer.bias.get(index / (out[0] * out[1])).map_or(0.0, |&bias| f64::from(bias));
        }
        trace.push(([channels, height, width], out, h, sums.clone()));
        h = sums.into_iter().map(|sum| if sum >= 0.0 { sum } else { slope * sum }).collect();
        [channels, height, width] = [layer.channels, out[0], out[1]];
    }
    let value = h.iter().zip(&network.head).map(|(h, &w)| h * f64::from(w)).sum::<f64>();
    let mut gradient: Vec<f64> = network.head.iter().map(|&w| f64::from(w)).collect();
    let mut weights = Vec::new();
    for (layer, (input, out, x, sums)) in network.layers.iter().zip(&trace).rev() {
        for (gradient, sum) in gradient.iter_mut().zip(sums) {
            *gradient *= if *sum > 0.0 { 1.0 } else { slope };
        }
        let mut below = vec![0.0; input.iter().product()];
        let mut weight_gradient = vec![0.0; layer.weight.len()];
        taps(layer, *input, *out, |from, to, weight| {
            below[from] += gradient[to] * f64::from(layer.weight[weight]);
            weight_gradient[weight] += gradient[to] * x[from];
        });
        let bias = gradient.chunks(out[0] * out[1]).map(|channel| channel.iter().sum()).collect();
        weights.insert(0, [weight_gradient, bias]);
        gradient = below;
    }
    let smooth = trace.iter().all(|(.., sums)| sums.iter().all(|sum| sum.abs() > kink));
    (value + f64::from(network.head_bias), h, smooth.then_some((gradient, weights)))
}

/// Lists every product of a convolution: input element, output element, weight.
fn taps(
    layer: &Layer,
    [channels, height, width]: [usize; 3],
    [out_height, out_width]: [usize; 2],
    mut visit: impl FnMut(usize, usize, usize),
) {
    let k = layer.kernel;
    for (out, channel) in (0..layer.channels).flat_map(|out| (0..channels).map(move |c| (out, c))) {
        for (oy, ox) in (0..out_height).flat_map(|y| (0..out_width).map(move |x| (y, x))) {
            for (ky, kx) in (0..k).flat_map(|y| (0..k).map(move |x| (y, x))) {
                let y = (oy * layer.stride + ky).wrapping_sub(layer.padding[0]);
                let x = (ox * layer.stride + kx).wrapping_sub(layer.padding[1]);
                if y < height && x < width {
                    visit(
                        (channel * height + y) * width + x,
                        (out * out_height + oy) * out_width + ox,
                        ((out * channels + channel) * k + ky) * k + kx,
                    );
                }
            }
        }
    }
}

/// Returns the largest error relative to the largest element, of values (against 1) and of
/// gradients; and the share of gradients that were compared.
fn errors(network: &Network, samples: usize, seed: u64, kink: f64) -> [f64; 3] {
    let plan = Plan::new(network).expect("the network fits together");
    let image: usize = network.input.iter().product();
    let x = Numbers::new(seed).many(samples * image, 1.0);
    let (mut values, mut gradient) = (vec![0.0; samples], vec![f32::NAN; samples * image]);
    // Twice: the second time in used buffers.
    for _ in 0..2 {
        plan.value_and_gradient(&x, None, &mut values, &mut gradient);
    }
    let mut worst = [0.0_f64; 3];
    for (sample, x) in x.chunks(image).enumerate() {
        let (value, _, expected) = definition(network, x, kink);
        worst[0] = worst[0].max((f64::from(values[sample]) - value).abs() / value.abs().max(1.0));
        let Some((expected, _)) = expected else { continue };
        worst[2] += 1.0 / samples as f64;
        // The floor: where the gradient is exactly 0, sums of cancelling terms leave rounding.
        let largest = expected.iter().fold(1e-3, |largest: f64, g| largest.max(g.abs()));
        for (given, expected) in gradient[sample * image..].iter().zip(&expected) {
            let error = (f64::from(*given) - expected).abs() / largest;
            worst[1] = if error.is_nan() { f64::INFINITY } else { worst[1].max(error) };
        }
    }
    worst
}

/// Returns the largest error of Σᵢ cᵢ·∇θ f(xᵢ), relative to the largest Σᵢ |cᵢ·∇θ f(xᵢ)| of its
/// array, because terms of opposite signs may cancel; `None` near a jump.
fn learning_error(network: &Network, samples: usize, seed: u64, kink: f64) -> Option<f64> {
    let plan = Plan::new(network).expect("the network fits together");
    let image: usize = network.input.iter().product();
    let mut numbers = Numbers::new(seed);
    let (x, c) = (numbers.many(samples * image, 1.0), numbers.many(samples, 1.0));
    let mut values = vec![0.0; samples];
    let given = plan.weight_gradient(&x, None, &c, &mut values);
    let mut again = vec![0.0; samples];
    assert_eq!(
        plan.weight_gradient(&x, None, &c, &mut again),
        given,
        "the same bits in used buffers"
    );
    let mut same = vec![0.0; samples];
    plan.value(&x, None, &mut same);
    assert_eq!(values, same);
    // Each element's sum, and the sum of its terms' magnitudes.
    let mut expected: Vec<Vec<[f64; 2]>> = Vec::new();
    for (x, &c) in x.chunks(image).zip(&c) {
        let (_, h, gradients) = definition(network, x, kink);
        let arrays = gradients?.1.into_iter().flatten().chain([h, vec![1.0]]);
        for (index, array) in arrays.enumerate() {
            if expected.len() <= index {
                expected.push(vec![[0.0; 2]; array.len()]);
            }
            for ([sum, magnitude], element) in expected[index].iter_mut().zip(array) {
                let term = f64::from(c) * element;
                *sum += term;
                *magnitude += term.abs();
            }
        }
    }
    let layers = given.layers.into_iter().flat_map(|layer| [layer.weight, layer.bias]);
    let given = layers.chain([given.head, vec![given.head_bias]]);
    let mut worst = 0.0_f64;
    for (given, expected) in given.zip(&expected) {
        assert_eq!(given.len(), expected.len());
        let largest = expected.iter().fold(1e-3, |largest: f64, [_, g]| largest.max(*g));
        for (given, [expected, _]) in given.iter().zip(expected) {
            let error = (f64::from(*given) - expected).abs() / largest;
            worst = if error.is_nan() { f64::INFINITY } else { worst.max(error) };
        }
    }
    Some(worst)
}

fn agrees(network: &Network, samples: usize, seed: u64) {
    let [value, gradient, compared] = errors(network, samples, seed, KINK);
    assert!(value < 1e-5 && gradient < 1e-4, "relative errors {value:e}, {gradient:e}");
    assert!(compared > 0.3, "only {compared} of the gradients are away from a jump");
}

/// Winograd's tiles of both kinds with remainders in every direction, and patches between them.
#[test]
fn odd_sizes_of_every_method() {
    let shapes = [
        (20, 5, 1, [2, 2, 2, 2]),
        (33, 3, 1, [1, 1, 1, 1]),
        (48, 4, 2, [1, 1, 1, 1]),
        (17, 3, 2, [0, 0, 1, 1]),
        (40, 2, 1, [0, 1, 1, 0]),
    ];
    for input in [[3, 31, 26], [1, 17, 45]] {
        agrees(&network(input, &shapes, 0.2, 1).expect("fits"), 9, 2);
    }
}

/// Weights learn as the definition says, from more samples than a block holds.
#[test]
fn weight_gradients_of_every_method() {
    let shapes =
        [(20, 3, 1, [1; 4]), (33, 3, 1, [1; 4]), (24, 4, 2, [1; 4]), (40, 3, 2, [0, 0, 1, 1])];
    let network = network([2, 7, 9], &shapes, 0.2, 11).expect("fits");
    let errors: Vec<f64> =
        (0..16).filter_map(|seed| learning_error(&network, 35, seed, KINK)).collect();
    assert!(!errors.is_empty(), "every batch is near a jump");
    assert!(errors.iter().all(|error| *error < 1e-4), "{errors:?}");
}

/// A network without slack: every activation negative or positive, slope 0, no bias.
#[test]
fn relu_without_bias() {
    let mut network =
        network([2, 12, 12], &[(16, 3, 1, [1; 4]), (32, 3, 1, [1; 4])], 0.0, 3).expect("fits");
    network.layers.iter_mut().for_each(|layer| layer.bias.clear());
    agrees(&network, 5, 4);
}

/// A sample's value and score are the same bits alone, in a batch, and at any place of it.
#[test]
fn a_sample_does_not_depend_on_its_batch() {
    // The last has 9 output pixels, so that products go over the borders of images.
    let shapes = [(16, 3, 1, [1; 4]), (32, 3, 1, [1; 4]), (32, 4, 2, [1; 4]), (40, 2, 2, [0; 4])];
    let plan = Plan::new(&network([1, 13, 13], &shapes, 0.2, 5).expect("fits")).expect("fits");
    let x = Numbers::new(6).many(37 * 169, 1.0);
    let run = |x: &[f32]| {
        let (mut values, mut gradient) = (vec![0.0; x.len() / 169], vec![0.0; x.len()]);
        plan.value_and_gradient(x, None, &mut values, &mut gradient);
        (values, gradient)
    };
    let (values, gradient) = run(&x);
    for sample in [0, 15, 16, 36] {
        let here = sample * 169..(sample + 1) * 169;
        let (alone, alone_gradient) = run(&x[here.clone()]);
        assert_eq!(alone[0].to_bits(), values[sample].to_bits());
        assert_eq!(alone_gradient, gradient[here]);
    }
}

/// A first layer over more channels than x has equals the same layer with the contribution of those
/// channels as an addend.
#[test]
fn channels_can_be_added() {
    let shapes = [(20, 5, 2, [2; 4]), (33, 3, 1, [1; 4])];
    let whole = network([3, 9, 9], &shapes, 0.2, 21).expect("fits");
    // One channel of the weights `[out, 3, 5, 5]` is for x, two are for the condition.
    let weights = |channels: std::ops::Range<usize>| -> Vec<f32> {
        let inputs = whole.layers[0].weight.chunks(3 * 25);
        inputs.flat_map(|w| w[channels.start * 25..channels.end * 25].to_vec()).collect()
    };
    let mut part = whole.clone();
    part.input[0] = 1;
    part.layers[0].weight = weights(0..1);
    let mut condition = whole.layers[0].clone();
    (condition.weight, condition.bias) = (weights(1..3), Vec::new());
    let (samples, pixels, out) = (19, 81, [5, 5]);
    let (mut images, mut x, mut added) = (Vec::new(), Vec::new(), Vec::new());
    for sample in 0..samples {
        let image = Numbers::new(sample as u64).many(3 * pixels, 1.0);
        let mut sums = vec![0.0_f32; 20 * 25];
        taps(&condition, [2, 9, 9], out, |from, to, weight| {
            sums[to] += image[pixels + from] * condition.weight[weight];
        });
        x.extend(&image[..pixels]);
        added.extend(sums);
        images.extend(image);
    }
    let [whole, part] = [whole, part].map(|n| Plan::new(&n).expect("fits"));
    let addend = part.addend(0, &added).expect("of the layer's size");
    assert_eq!(addend.len(), samples);
    let c = Numbers::new(5).many(samples, 1.0);
    let [(mut f, mut df), (mut g, mut dg)] =
        [images.len(), x.len()].map(|len| (vec![0.0; samples], vec![0.0; len]));
    whole.value_and_gradient(&images, None, &mut f, &mut df);
    part.value_and_gradient(&x, Some(&addend), &mut g, &mut dg);
    assert_close(&g, &f, 1e-4);
    let df: Vec<f32> = df.chunks(3 * pixels).flat_map(|df| df[..pixels].to_vec()).collect();
    assert_close(&dg, &df, 1e-4);
    let mut values = vec![0.0; samples];
    part.value(&x, Some(&addend), &mut values);
    assert_eq!(values, g);
    let expected = whole.weight_gradient(&images, None, &c, &mut f);
    let given = part.weight_gradient(&x, Some(&addend), &c, &mut g);
    assert_close(&given.layers[1].weight, &expected.layers[1].weight, 1e-4);
    assert_close(&given.layers[0].bias, &expected.layers[0].bias, 1e-4);
    // The condition's weights learn from the addend's gradient.
    let mut learned = vec![0.0_f32; condition.weight.len()];
    for (image, da) in images.chunks(3 * pixels).zip(given.addend.chunks(20 * 25)) {
        taps(&condition, [2, 9, 9], out, |from, to, weight| {
            learned[weight] += image[pixels + from] * da[to];
        });
    }
    let theirs: Vec<f32> =
        expected.layers[0].weight.chunks(75).flat_map(|w| w[25..].to_vec()).collect();
    assert_close(&learned, &theirs, 1e-4);
}

/// In any layer, an addend that is the same everywhere is a bias.
#[test]
fn biases_can_be_added() {
    let shapes = [(20, 3, 1, [1; 4]), (33, 4, 2, [1; 4]), (18, 3, 1, [1; 4])];
    let network = network([2, 10, 10], &shapes, 0.2, 31).expect("fits");
    let x = Numbers::new(1).many(21 * 200, 1.0);
    let c = Numbers::new(2).many(21, 1.0);
    for (layer, pixels) in [100, 25, 25].into_iter().enumerate() {
        let bias = Numbers::new(3).many(shapes[layer].0, 1.0);
        let mut other = network.clone();
        other.layers[layer].bias.iter_mut().zip(&bias).for_each(|(sum, bias)| *sum += bias);
        let [plan, other] = [&network, &other].map(|n| Plan::new(n).expect("fits"));
        let image = bias.iter().flat_map(|&bias| std::iter::repeat_n(bias, pixels));
        let planes: Vec<f32> = (0..21).flat_map(|_| image.clone()).collect();
        let addend = plan.addend(layer, &planes).expect("of the layer's size");
        let run = |plan: &Plan, addend| {
            let (mut f, mut df) = (vec![0.0; 21], vec![0.0; x.len()]);
            plan.value_and_gradient(&x, addend, &mut f, &mut df);
            (f, df, plan.weight_gradient(&x, addend, &c, &mut [0.0; 21]))
        };
        let (f, df, learned) = run(&plan, Some(&addend));
        let (g, dg, expected) = run(&other, None);
        assert_close(&f, &g, 1e-4);
        assert_close(&df, &dg, 1e-4);
        assert_close(&learned.head, &expected.head, 1e-4);
        let mut sums = vec![0.0; bias.len()];
        for (i, plane) in learned.addend.chunks(pixels).enumerate() {
            sums[i % bias.len()] += plane.iter().sum::<f32>();
        }
        assert_close(&sums, &expected.layers[layer].bias, 1e-4);
    }
    let plan = Plan::new(&network).expect("fits");
    let message = |layer, len| plan.addend(layer, &vec![0.0; len]).unwrap_err().to_string();
    assert!(message(3, 0).contains("layer of the addend"), "{}", message(3, 0));
    assert_eq!(message(0, 1), "addend has 1 elements; its shape asks for 2000");
}

/// NaN propagates to the result, and does not stay in the buffers.
#[test]
fn nan_stays_with_its_sample() {
    let shapes = [(16, 3, 1, [1; 4]), (32, 3, 1, [1; 4])];
    let plan = Plan::new(&network([1, 9, 9], &shapes, 0.2, 7).expect("fits")).expect("fits");
    let mut x = Numbers::new(8).many(2 * 81, 1.0);
    let (mut values, mut gradient) = ([0.0; 2], vec![0.0; 162]);
    plan.value_and_gradient(&x, None, &mut values, &mut gradient);
    let clean = values;
    let pixel = std::mem::replace(&mut x[40], f32::NAN);
    plan.value_and_gradient(&x, None, &mut values, &mut gradient);
    assert!(values[0].is_nan());
    assert_eq!(values[1], clean[1]);
    x[40] = pixel;
    plan.value_and_gradient(&x, None, &mut values, &mut gradient);
    assert_eq!(values, clean);
}

#[test]
fn misfits_are_named() {
    let good = || network([1, 8, 8], &[(4, 3, 1, [1; 4])], 0.2, 1).expect("fits");
    let message = |network: &Network| Plan::new(network).expect_err("it does not fit").to_string();
    let mut network = good();
    network.layers[0].weight.pop();
    assert_eq!(message(&network), "layer 0: weight has 35 elements; its shape asks for 36");
    let mut network = good();
    network.layers[0].stride = 0;
    assert!(message(&network).starts_with("layer 0: stride: 0 is not possible"));
    let mut network = good();
    network.input[1] = usize::MAX;
    assert!(matches!(Plan::new(&network), Err(PlanError::Size { .. })));
    let mut network = good();
    network.head.clear();
    assert!(message(&network).starts_with("head has 0 elements"));
    let mut network = good();
    network.slope = f32::NAN;
    assert!(message(&network).contains("NaN"));
    let mut network = good();
    network.layers[0].kernel = 11;
    assert!(matches!(Plan::new(&network), Err(PlanError::Length { .. })));
    let mut network = good();
    network.layers.clear();
    assert_eq!(Plan::new(&network).expect_err("no layers"), PlanError::NoLayers);
}

/// Terms of the samples nearly cancel in the gradient of a layer's weights: the sum keeps the
/// rounding errors of its terms.
#[test]
fn sums_that_cancel() {
    let shapes = [(1, 3, 3, [0, 2, 0, 0]), (37, 3, 1, [2, 2, 0, 0]), (6, 3, 2, [2, 0, 0, 0])];
    let seed = 8_588_672_452_038_016_086;
    let network = network([3, 10, 15], &shapes, 0.0, seed).expect("the kernels fit");
    let error = learning_error(&network, 4, seed ^ 2, WIDE_KINK).expect("no kink is near");
    assert!(error < 2e-5, "{error:e}");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_shape(
        input in [1usize..4, 1..20, 1..20],
        shapes in prop::collection::vec((1usize..40, 1usize..6, 1usize..4, [0usize..3, 0..3, 0..3, 0..3]), 1..4),
        slope in prop_oneof![Just(0.0_f32), Just(0.2), 0.0_f32..0.99],
        samples in 1usize..5,
        seed: u64,
    ) {
        if let Some(network) = network(input, &shapes, slope, seed) {
            let [value, gradient, _] = errors(&network, samples, seed ^ 1, WIDE_KINK);
            prop_assert!(value < 1e-5 && gradient < 1e-4, "{value:e}, {gradient:e}");
            let learning = learning_error(&network, samples, seed ^ 2, WIDE_KINK).unwrap_or(0.0);
            prop_assert!(learning < 1e-4, "weights: {learning:e}");
        }
    }
}
