//! Posteriors of latent codes as energies.

use burn::module::Module;
use burn::tensor::Tensor;
use ebm_energy::{Energy, squared_norm};
use ebm_tensor::Condition;

use crate::prior::MixturePrior;
use crate::vae::Vae;

/// The posterior p(z|x) of a decoder with Gaussian noise as an energy, U(z) = −log p(z) + ‖m ⊙ (x −
/// g(z))‖²/(2σ²), where the pixels of the mask m are observed and −log p(z) is ‖z‖²/2 unless there
/// is [another prior](Self::with_prior). A batch of codes has one code for each image.
#[derive(Debug)]
pub struct LatentPosterior {
    vae: Vae,
    images: Tensor<4>,
    condition: Option<Condition>,
    mask: Option<Tensor<4>>,
    std: f64,
    prior: Option<MixturePrior>,
}

impl LatentPosterior {
    /// Creates the posterior of `images` under the current decoder with noise `std` (σ).
    ///
    /// # Shapes
    /// - `images`: `[batch, channels, height, width]`
    /// - `mask`: 1 for observed pixels, 0 for hidden ones, of a shape that broadcasts to that of
    ///   `images`; `None` if all are observed
    pub fn new(vae: &Vae, images: Tensor<4>, mask: Option<Tensor<4>>, std: f64) -> Self {
        let (vae, images) = (vae.valid(), images.without_autodiff());
        Self { vae, images, condition: None, mask, std, prior: None }
    }

    /// Conditions the posterior on c: p(z|x, c) of a conditional decoder.
    pub fn given(self, condition: Option<Condition>) -> Self {
        Self { condition, ..self }
    }

    /// Replaces N(0, I), the prior p(z), by a mixture, in which every component counts.
    pub fn with_prior(self, prior: Option<MixturePrior>) -> Self {
        Self { prior, ..self }
    }
}

impl Energy<2> for LatentPosterior {
    fn energy(&self, z: Tensor<2>) -> Tensor<1> {
        let mut error = self.vae.decode(z.clone(), self.condition.as_ref()) - self.images.clone();
        if let Some(mask) = &self.mask {
            error = error * mask.clone();
        }
        let of_code = match &self.prior {
            Some(prior) => -prior.log_density(z, None),
            None => squared_norm(z) * 0.5,
        };
        of_code + squared_norm(error) / (2.0 * self.std * self.std)
    }
}

#[cfg(test)]
mod tests {
    use burn::tensor::{Device, Tolerance};
    use ebm_noise::Key;
    use ebm_tensor::ImageShape;

    use super::*;
    use crate::{DecoderConfig, VaeConfig};

    /// Nearly linear, so that a finite difference does not step over many kinks.
    fn vae() -> Vae {
        let decoder = DecoderConfig { slope: 0.9, ..DecoderConfig::mnist() };
        let config = VaeConfig { init_std: 0.1, decoder, ..VaeConfig::mnist() };
        config.init(ImageShape::new(1, 28), Key::new(3), &Device::flex().autodiff()).expect("valid")
    }

    /// The gradient equals finite differences along a direction, the batch's statistics included.
    #[test]
    fn the_gradient_is_the_energys() {
        let device = Device::flex();
        let images = Key::new(1).uniform::<4>([3, 1, 28, 28], &device) * 2.0 - 1.0;
        let posterior = LatentPosterior::new(&vae(), images, None, 1.0);
        let z = Key::new(2).normal::<2>([3, 100], &device);
        let direction = Key::new(4).normal::<2>([3, 100], &device);
        let (_, gradient) = posterior.energy_and_gradient(z.clone());
        let slope = (gradient * direction.clone()).sum();
        let width = 1e-2;
        let ends = [width, -width].map(|w| posterior.energy(z.clone() + direction.clone() * w));
        let [above, below] = ends;
        let difference = (above - below).sum() / (2.0 * width);
        let tolerance = Tolerance::<f32>::rel_abs(1e-2, 1e-2);
        slope.into_data().assert_approx_eq(&difference.into_data(), tolerance);
    }

    #[test]
    fn hidden_pixels_do_not_count() {
        let device = Device::flex();
        let images = Key::new(1).uniform::<4>([2, 1, 28, 28], &device);
        let top = Tensor::<4>::ones([1, 1, 14, 28], &device);
        let mask = Tensor::cat(vec![top.clone(), top.zeros_like()], 2);
        let z = Key::new(2).normal::<2>([2, 100], &device);
        let energy = |images: Tensor<4>| {
            LatentPosterior::new(&vae(), images, Some(mask.clone()), 0.3).energy(z.clone())
        };
        let hidden = images.clone() + (mask.clone().neg() + 1.0) * 5.0;
        energy(hidden).into_data().assert_eq(&energy(images.clone()).into_data(), true);
        assert_ne!(energy(images.clone() + mask.clone()).into_data(), energy(images).into_data());
    }
}
