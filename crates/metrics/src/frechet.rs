//! The Fréchet distance of two sets; FID if the rows are features of pytorch-fid's Inception
//! network.

mod decompositions;

use self::decompositions::{factor, singular_values};
use crate::pairs::{fold_rows, product};
use crate::{MetricsError, Moments};

/// Computes the Fréchet distance ‖μ₁ − μ₂‖² + tr(Σ₁ + Σ₂ − 2(Σ₁Σ₂)^½): the squared 2-Wasserstein
/// distance between the Gaussians with the sets' moments (Dowson and Landau 1982; Heusel, Ramsauer,
/// Unterthiner, Nessler, Hochreiter, NeurIPS 2017), with n − 1 as the divisor of covariances as in
/// pytorch-fid. It is biased upwards and falls with the number of rows, so only distances between
/// equally large sets are comparable.
///
/// With Σ = FᵀF, the trace of the root is the sum of the singular values of F₁F₂ᵀ. Unlike a matrix
/// root of the product, this stays real and keeps all digits where a covariance is nearly singular.
///
/// # Errors
/// [`MetricsError::Dimension`]; [`MetricsError::TooFew`] if a set has no more rows than features.
pub fn frechet_distance(a: &Moments, b: &Moments) -> Result<f64, MetricsError> {
    MetricsError::check_dim(a.dim(), b.dim())?;
    let dim = a.dim();
    let [a_factor, b_factor] = [covariance_factor(a)?, covariance_factor(b)?];
    let products = fold_rows(&a_factor, &b_factor, dim, product, |_, line| line.to_vec());
    let root: f64 =
        singular_values(products.concat(), a_factor.len() / dim, b_factor.len() / dim).iter().sum();
    let shift: f64 = a.mean().iter().zip(b.mean()).map(|(a, b)| (a - b).powi(2)).sum();
    let trace = |factor: &[f64]| factor.iter().map(|value| value * value).sum::<f64>();
    Ok(shift + trace(&a_factor) + trace(&b_factor) - 2.0 * root)
}

fn covariance_factor(moments: &Moments) -> Result<Vec<f64>, MetricsError> {
    let (dim, least) = (moments.dim(), moments.dim() + 1);
    let reason = || {
        format!(
            "the covariance of fewer rows than {dim} features is singular, and the distance far \
             too large; take more samples, or features of fewer dimensions"
        )
    };
    MetricsError::check_rows("a Fréchet distance", moments.count(), least.max(2), reason)?;
    Ok(factor(moments.covariance().unwrap_or_default(), dim))
}

#[cfg(test)]
mod tests;
