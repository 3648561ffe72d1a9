//! The random numbers of draws.

use ebm_noise::Key;

/// The random numbers of one draw.
#[derive(Clone, Copy)]
pub(super) struct Dice {
    pub(super) key: Key,
    pub(super) row: u32,
}

impl Dice {
    /// Returns number `index` of this draw, uniform in [0, 1).
    pub(super) fn uniform(self, index: u32) -> f64 {
        self.key.uniform_at(self.row, index)
    }

    /// Returns number `index` of this draw, uniform among 0, 1, …, `sides` − 1.
    pub(super) fn choice(self, index: u32, sides: usize) -> usize {
        (self.uniform(index) * sides as f64) as usize
    }

    /// Returns `mean` with Gaussian noise of standard deviation `std` in both directions.
    pub(super) fn gaussian(self, mean: [f64; 2], std: f64) -> [f64; 2] {
        let mut x = mean;
        self.key.normal_row(self.row, 2, |_, noise| {
            x.iter_mut().zip(noise).for_each(|(x, &z)| *x += std * f64::from(z));
        });
        x
    }
}
