//! The distance of two sets by a kernel, which is KID where the rows are an Inception network's features.

use burn::tensor::Tensor;

/// The unbiased estimate of MMD² with the kernel k(a, b) = (a·b/d + 1)³ (Bińkowski, Sutherland, Arbel, Gretton,
/// "Demystifying MMD GANs", ICLR 2018): 0 on average where both sets come from one law, also below 0 then. `None`
/// if a set has fewer than two rows.
///
/// # Shapes
/// - `a`: `[n, …]`, `b`: `[m, …]`, the same but for the number of rows; the kernel's matrices, `[n, n]`, `[m, m]`
///   and `[n, m]`, are held at once
pub fn kernel_distance<const D: usize>(a: Tensor<D>, b: Tensor<D>) -> Option<f64> {
    let [n, m] = [a.dims()[0], b.dims()[0]];
    if n < 2 || m < 2 {
        return None;
    }
    let [a, b] = [a, b].map(|set| set.flatten::<2>(1, D - 1));
    let dim = a.dims()[1] as f64;
    let kernel = |a: &Tensor<2>, b: &Tensor<2>| -> Vec<f64> {
        let products = a.clone().matmul(b.clone().transpose());
        // In double precision from here on: the difference of the sums is small.
        products.into_data().iter::<f64>().map(|product| (product / dim + 1.0).powi(3)).collect()
    };
    let between_others = |set: &Tensor<2>, len: usize| {
        let values = kernel(set, set);
        let diagonal: f64 = values.iter().step_by(len + 1).sum();
        (values.iter().sum::<f64>() - diagonal) / (len * (len - 1)) as f64
    };
    let between_sets = kernel(&a, &b).iter().sum::<f64>() / (n * m) as f64;
    Some(between_others(&a, n) + between_others(&b, m) - 2.0 * between_sets)
}

#[cfg(test)]
mod tests {
    use super::*;
    use burn::tensor::Device;

    /// One coordinate: a = {0, 1}, b = {1, 2}: k within a 1, within b 27, between (1 + 1 + 8 + 27)/4.
    #[test]
    fn by_hand() {
        let set =
            |values: [f32; 2]| Tensor::<1>::from_data(values, &Device::flex()).reshape([2, 1]);
        let distance = kernel_distance::<2>(set([0.0, 1.0]), set([1.0, 2.0])).expect("two rows");
        assert!((distance - (1.0 + 27.0 - 2.0 * 37.0 / 4.0)).abs() < 1e-9, "{distance}");
    }

    /// Draws of one law are at no distance, of another they are.
    #[test]
    fn laws_are_told_apart() {
        let draws = |key: u64| ebm_noise::Key::new(key).normal::<2>([500, 5], &Device::flex());
        let same = kernel_distance(draws(1), draws(2)).expect("rows");
        let moved = kernel_distance(draws(1), draws(2) + 0.5).expect("rows");
        assert!(same.abs() < 0.05 && moved > 0.3, "{same} and {moved}");
        assert_eq!(kernel_distance(draws(1).narrow(0, 0, 1), draws(2)), None);
    }
}
