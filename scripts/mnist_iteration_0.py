#!/usr/bin/env python3
"""Iteration 0 of variational MCMC teaching with the released MNIST settings, in PyTorch.

    python3 scripts/mnist_iteration_0.py > crates/teaching/tests/data/mnist_iteration_0.json

`crates/teaching/tests/pytorch.rs` compares `ebm_teaching::Trainer::step` with these numbers. The two
programs share formulas, not code: Philox 4x32-10 generates the initial weights, z, the dropout masks
and the posterior's noise, and cosines generate the data, so nothing large is stored. Convolutions,
gradients and Adam are PyTorch's own. The numbers are in double precision; the distance of PyTorch's
single precision from them is printed on stderr. The program takes some minutes. Last run with Python
3.12.3, PyTorch 2.15.0 (on a CPU) and NumPy 2.4.6.
"""

import json
import math
import re
import sys

import numpy as np
import torch
import torch.nn.functional as F

# The recipe `mnist`.
SEED, CHAINS, BATCH, SIDE, LATENT = 0, 400, 400, 28, 100
STEPS, STEP_SIZE, REFERENCE_STD, KL_WEIGHT = 50, 0.001, 0.016, 3.0
BETAS = (0.5, 0.999)
ENERGY_LAYERS = [(64, 5, 2), (128, 3, 2), (256, 3, 1)]  # channels, kernel, stride
ENERGY_OUTPUTS = 100
ENCODER_LAYERS = [(64, 4, 2), (64, 4, 2), (64, 4, 1)]
DECODER_LAYERS = [(256, 4, 1, 4), (128, 3, 2, 7), (64, 3, 2, 14), (1, 3, 2, 28)]  # channels, kernel, stride, side of the output
DROPOUT, NORM_EPSILON = 0.2, 1e-3

# The settings that a case changes in the recipe.
#
# With the released weights f is nearly 0 and does not drive the chains, and Adam's first update,
# lr·g/(|g| + ε), reveals little more than the sign of g. With wide weights f moves x̃ about as far as
# the reference term does, and with a large ε the update is nearly proportional to g. Gradients jump
# where rounding decides the sign of an activation near 0, which always happens among millions of
# activations: slopes near 1 keep these jumps small.
CASES = {
    "released": {
        "energy_init_std": 0.005, "vae_init_std": 0.005, "slope": 0.2, "decoder_slope": 0.0,
        "energy_learning_rate": 0.009, "vae_learning_rate": 1e-4, "epsilon": 1e-8,
    },
    "wide": {
        "energy_init_std": 0.3, "vae_init_std": 0.05, "slope": 0.95, "decoder_slope": 0.95,
        "energy_learning_rate": 0.1, "vae_learning_rate": 10.0, "epsilon": 1000.0,
    },
}  # fmt: skip


# Random numbers: the counter-based streams of `ebm-noise`.

DRAW, FOLD = 0, 1
ENERGY, VAE, TRAINING = 0, 1, 2  # Streams of the seed.
LATENT_STREAM, POSTERIOR = 0, 2  # Streams of an iteration.
LOW = np.uint64(0xFFFF_FFFF)


def philox(counter, key):
    """Computes Philox 4x32-10 (Salmon et al. 2011): four words per counter, 32 bits in a uint64 each."""
    c = [np.asarray(word, np.uint64) for word in counter]
    k = [int(word) for word in key]
    for _ in range(10):
        p0, p1 = c[0] * np.uint64(0xD251_1F53), c[2] * np.uint64(0xCD9E_8D57)
        high0, high1 = p0 >> np.uint64(32), p1 >> np.uint64(32)
        c = [high1 ^ c[1] ^ np.uint64(k[0]), p1 & LOW, high0 ^ c[3] ^ np.uint64(k[1]), p0 & LOW]
        k = [(k[0] + 0x9E37_79B9) % 2**32, (k[1] + 0xBB67_AE85) % 2**32]
    return c


def key_of(seed):
    return seed % 2**32, seed >> 32


def fold(key, *data):
    for number in data:
        low, high = key_of(number)
        words = philox([low, high, 0, FOLD], key)
        key = int(words[0]), int(words[1])
    return key


def words_of(key, shape):
    """Returns random words, [rows, blocks of a row, 4]; a tensor's first dimension is the row."""
    rows, blocks = shape[0], -(-math.prod(shape[1:]) // 4)
    row, block = np.meshgrid(np.arange(rows), np.arange(blocks), indexing="ij")
    zero = np.zeros_like(block)
    return np.stack(philox([block, row, zero, zero + DRAW], key), axis=-1)


def shaped(numbers, shape):
    return numbers.reshape(shape[0], -1)[:, : math.prod(shape[1:])].reshape(shape).astype(np.float32)


def uniform(key, shape):
    return shaped((words_of(key, shape) >> np.uint64(8)) / 2.0**24, shape)


def normal(key, shape):
    """Applies Box-Muller: words 0 and 1 of a block yield two numbers, 2 and 3 another two."""
    words = words_of(key, shape)
    a, b = words[..., 0::2], words[..., 1::2]
    # The radius comes from a number rounded to single precision, the angle from the first 24 bits.
    fraction = (a.astype(np.float32) + np.float32(0.5)).astype(np.float64) / 2.0**32
    radius = np.sqrt(-2.0 * np.log(fraction))
    angle = (b >> np.uint64(8)) / 2.0**24 * (2.0 * np.pi)
    return shaped(np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=-1), shape)


def check_philox():
    """Compares with known answers published with Random123."""
    counter, key = [0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344], (0xA4093822, 0x299F31D0)
    words = [int(word) for word in philox(counter, key)]
    assert words == [0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x2412_6EA1], [hex(word) for word in words]


# Parameters: drawn in the order of their declaration, each from its own key.


class Parameters:
    def __init__(self, key, std, dtype):
        self.key, self.std, self.dtype = key, std, dtype
        self.named = {}

    def add(self, name, shape):
        key = fold(self.key, len(self.named))
        if len(shape) == 4:
            value = normal(key, shape) * np.float32(self.std)
        elif len(shape) == 2:
            value = (uniform(key, shape) * np.float32(2) - np.float32(1)) * np.float32(math.sqrt(6 / sum(shape)))
        else:
            value = np.zeros(shape, np.float32)
        self.named[name] = torch.tensor(value, dtype=self.dtype, requires_grad=True)

    def __getitem__(self, name):
        return self.named[name]

    def values(self):
        return [parameter.detach().clone() for parameter in self.named.values()]


def energy_parameters(key, std, dtype):
    parameters = Parameters(key, std, dtype)
    channels_in, side = 1, SIDE
    for i, (channels, kernel, stride) in enumerate(ENERGY_LAYERS):
        parameters.add(f"convolution {i} weight", (channels, channels_in, kernel, kernel))
        parameters.add(f"convolution {i} bias", (channels,))
        channels_in, side = channels, -(-side // stride)
    parameters.add("head weight", (ENERGY_OUTPUTS, channels_in, side, side))
    parameters.add("head bias", (ENERGY_OUTPUTS,))
    return parameters


def vae_parameters(key, std, dtype):
    parameters = Parameters(key, std, dtype)
    channels_in, side = 1, SIDE
    for i, (channels, kernel, stride) in enumerate(ENCODER_LAYERS):
        parameters.add(f"encoder convolution {i} weight", (channels, channels_in, kernel, kernel))
        parameters.add(f"encoder convolution {i} bias", (channels,))
        channels_in, side = channels, -(-side // stride)
    for name in ["mean", "log variance"]:
        # [in, out], the transpose of PyTorch's own.
        parameters.add(f"encoder {name} weight", (channels_in * side * side, LATENT))
        parameters.add(f"encoder {name} bias", (LATENT,))
    channels_in = LATENT
    for i, (channels, kernel, _, _) in enumerate(DECODER_LAYERS):
        parameters.add(f"decoder convolution {i} weight", (channels_in, channels, kernel, kernel))
        parameters.add(f"decoder convolution {i} bias", (channels,))
        channels_in = channels
    for i, (channels, _, _, _) in enumerate(DECODER_LAYERS[:-1]):
        parameters.add(f"decoder norm {i} shift", (channels,))
    return parameters


# Networks.


def same(x, weight, bias, stride):
    """A convolution with TensorFlow's SAME padding; an odd rest pads the bottom and the right."""
    side, kernel = x.shape[-1], weight.shape[-1]
    total = max((-(-side // stride) - 1) * stride + kernel - side, 0)
    before, after = total // 2, total - total // 2
    return F.conv2d(F.pad(x, (before, after, before, after)), weight, bias, stride=stride)


def f(parameters, x, slope):
    """Returns f_θ(x), the sum of the head's outputs, [batch]."""
    for i, (_, _, stride) in enumerate(ENERGY_LAYERS):
        weight, bias = parameters[f"convolution {i} weight"], parameters[f"convolution {i} bias"]
        x = F.leaky_relu(same(x, weight, bias, stride), slope)
    return F.conv2d(x, parameters["head weight"], parameters["head bias"]).sum(dim=(1, 2, 3))


def decode(parameters, z, slope):
    x = z[:, :, None, None]
    for i, (_, kernel, stride, side) in enumerate(DECODER_LAYERS):
        weight, bias = parameters[f"decoder convolution {i} weight"], parameters[f"decoder convolution {i} bias"]
        full = F.conv_transpose2d(x, weight, bias, stride=stride)
        before = (full.shape[-1] - side) // 2
        x = full[:, :, before : before + side, before : before + side]
        if i + 1 == len(DECODER_LAYERS):
            return torch.tanh(x)
        shift = parameters[f"decoder norm {i} shift"]
        x = F.leaky_relu(F.batch_norm(x, None, None, None, shift, training=True, eps=NORM_EPSILON), slope)


def encode(parameters, x, key, slope):
    """Returns the mean and the logarithm of the standard deviation of q(z|x)."""
    for i, (_, _, stride) in enumerate(ENCODER_LAYERS):
        weight, bias = parameters[f"encoder convolution {i} weight"], parameters[f"encoder convolution {i} bias"]
        x = F.leaky_relu(same(x, weight, bias, stride), slope)
        kept = uniform(fold(key, i), tuple(x.shape)) >= np.float32(DROPOUT)
        x = x * torch.tensor(kept, dtype=x.dtype) / (1.0 - DROPOUT)
    h = x.flatten(1)
    heads = [
        F.linear(h, parameters[f"encoder {name} weight"].T, parameters[f"encoder {name} bias"])
        for name in ["mean", "log variance"]
    ]
    return heads[0], 0.5 * heads[1]


# Algorithm 1.


def waves(dtype):
    """Returns waves, 2·cos⁸(0.35·(i·cos n + j·sin n) + n) − 1: direction and phase depend on image n."""
    n, i, j = np.meshgrid(np.arange(BATCH), np.arange(SIDE), np.arange(SIDE), indexing="ij")
    x = 2.0 * np.cos(0.35 * (i * np.cos(n) + j * np.sin(n)) + n) ** 8 - 1.0
    return torch.tensor(x[:, None].astype(np.float32), dtype=dtype)


def langevin(energy, x, slope):
    for _ in range(STEPS):
        x = x.detach().requires_grad_(True)
        u = -f(energy, x, slope) + x.square().sum(dim=(1, 2, 3)) / (2 * REFERENCE_STD**2)
        (gradient,) = torch.autograd.grad(u.sum(), x)
        x = x - 0.5 * STEP_SIZE**2 * gradient
    return x.detach()


def iteration(case, dtype):
    """Computes iteration 0: quantities by name, and the parameters of both models before and after."""
    root, slope = key_of(SEED), case["slope"]
    models = {
        "energy": energy_parameters(fold(root, ENERGY), case["energy_init_std"], dtype),
        "vae": vae_parameters(fold(root, VAE), case["vae_init_std"], dtype),
    }
    energy, vae = models["energy"], models["vae"]
    key = fold(root, TRAINING, 0)
    data = waves(dtype)

    z = torch.tensor(normal(fold(key, LATENT_STREAM), (CHAINS, LATENT)), dtype=dtype)
    start = decode(vae, z, case["decoder_slope"]).detach()
    samples = langevin(energy, start, slope)
    f_samples, f_data = f(energy, samples, slope), f(energy, data, slope)
    energy_loss = f_samples.mean() - f_data.mean()

    key = fold(key, POSTERIOR)
    mean, log_std = encode(vae, samples, fold(key, 0), slope)
    noise = torch.tensor(normal(fold(key, 1), (CHAINS, LATENT)), dtype=dtype)
    decoded = decode(vae, mean + log_std.exp() * noise, case["decoder_slope"])
    reconstruction = (decoded - samples).square().sum(dim=(1, 2, 3)).mean()
    kl = -0.5 * (1 + 2 * log_std - mean.square() - (2 * log_std).exp()).sum(dim=1).mean()
    vae_loss = reconstruction + KL_WEIGHT * kl

    old = {model: parameters.values() for model, parameters in models.items()}
    for model, loss in [("energy", energy_loss), ("vae", vae_loss)]:
        rate = case[f"{model}_learning_rate"]
        adam = torch.optim.Adam(models[model].named.values(), lr=rate, betas=BETAS, eps=case["epsilon"])
        loss.backward()
        adam.step()

    distance = (samples - start).square().sum(dim=(1, 2, 3))
    with torch.no_grad():
        quantities = {
            "data": data, "start": start, "samples": samples, "moved": samples - start,
            "f_data": f_data, "f_samples": f_samples, "mean_f_data": f_data.mean(), "mean_f_samples": f_samples.mean(),
            "energy_loss": energy_loss, "reconstruction": reconstruction, "kl": kl, "vae_loss": vae_loss,
            "displacement": distance.sqrt().mean(), "displacement_squared": distance.mean(),
            "f_data_after": f(energy, data, slope), "f_samples_after": f(energy, samples, slope),
            "start_after": decode(vae, z, case["decoder_slope"]),
        }  # fmt: skip
    return quantities, {
        model: [
            {"name": name, "before": before, "after": parameter.detach(), "gradient": parameter.grad}
            for (name, parameter), before in zip(parameters.named.items(), old[model])
        ]
        for model, parameters in models.items()
    }


# The fixture: a few numbers of every quantity, for comparison.

PIXELS, ENERGIES, ENTRIES = 200, 50, 20


def mean_and_rms(values):
    return [values.mean(), np.sqrt(np.mean(values**2))]


def of_quantity(value):
    """Returns scalars, the first energies, or an image's mean, root mean square and some pixels.

    The pixels are at 7919·k mod their number.
    """
    value = value.detach().double().numpy()
    if value.ndim < 2:
        return np.atleast_1d(value)[:ENERGIES]
    at = 7919 * np.arange(PIXELS) % value.size
    return np.concatenate([value.ravel()[at], mean_and_rms(value)])


def of_parameter(model, parameter, at):
    """Returns mean and root mean square, and the entries `at`.

    If `at` is None, entries are evenly spaced among those whose gradient is well above rounding. Adam's
    first update has the sign of the gradient, so where that is nearly 0, rounding decides it. A bias
    before a normalisation has a gradient of 0, because the normalisation subtracts it again.
    """
    before, after, gradient = (parameter[key].double().numpy() for key in ["before", "after", "gradient"])
    numbers = {"name": f"{model} {parameter['name']}", "shape": list(before.shape)}
    numbers["before"] = mean_and_rms(before)
    if parameter["name"] in [f"decoder convolution {i} bias" for i in range(len(DECODER_LAYERS) - 1)]:
        return numbers
    if at is None:
        size = np.abs(gradient).ravel()
        clear = np.flatnonzero(size >= 0.25 * size.max())
        at = np.unique(clear[np.linspace(0, len(clear) - 1, ENTRIES).astype(int)]).tolist()
    numbers["at"] = at
    numbers["after"] = [*after.ravel()[at], *mean_and_rms(after)]
    numbers["update"] = [*(after - before).ravel()[at], *mean_and_rms(after - before)]
    return numbers


def numbers_of(case, dtype, like=None):
    """Returns the numbers of a case, at the entries of `like`."""
    quantities, models = iteration(case, dtype)
    at = lambda model, i: like["parameters"][model][i].get("at") if like else None
    return {
        "quantities": {name: of_quantity(value) for name, value in quantities.items()},
        "parameters": {
            model: [of_parameter(model, one, at(model, i)) for i, one in enumerate(parameters)]
            for model, parameters in models.items()
        },
    }


def report(case, single, double):
    """Prints ‖single − double‖ / ‖double‖ of every compared quantity."""

    def line(name, a, b):
        a, b = np.asarray(a), np.asarray(b)
        distance = np.linalg.norm(a - b) / max(np.linalg.norm(b), 1e-300)
        print(f"{case:9} {name:45} {np.linalg.norm(b):10.3e} {distance:8.1e}", file=sys.stderr)

    for name, value in double["quantities"].items():
        line(name, single["quantities"][name], value)
    for model, parameters in double["parameters"].items():
        for one, other in zip(single["parameters"][model], parameters):
            for key in ["before", "after", "update"]:
                if key in other:
                    line(f"{other['name']}, {key}", one[key], other[key])


def rounded(value):
    """Rounds to nine digits, more than single precision has."""
    if isinstance(value, dict):
        return {key: rounded(item) for key, item in value.items()}
    if isinstance(value, (list, np.ndarray)):
        return [rounded(item) for item in value]
    return float(f"{value:.9g}") if isinstance(value, float) else value


def main():
    check_philox()
    cases = {}
    for name, case in CASES.items():
        double = numbers_of(case, torch.float64)
        report(name, numbers_of(case, torch.float32, double), double)
        cases[name] = {"settings": case, **rounded(double)}
    # Lists of numbers on one line each.
    text = json.dumps(cases, indent=1)
    print(re.sub(r"\[[^\[\]{}]*\]", lambda found: " ".join(found[0].split()), text))


if __name__ == "__main__":
    main()
