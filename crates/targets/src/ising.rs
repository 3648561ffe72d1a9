//! The Ising model on a ring and on a torus.

use burn::tensor::Tensor;
use ebm_energy::Energy;

use crate::error::TargetError;
use crate::math::row_sum;
use crate::target::Target;

/// A lattice, which defines the neighbours of each spin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lattice {
    /// A ring of spins with two neighbours each.
    Ring(usize),
    /// A torus: rows and columns of spins, in row-major order, with four neighbours each, periodic
    /// at the edges.
    Torus {
        /// The number of rows.
        rows: usize,
        /// The number of columns.
        columns: usize,
    },
}

/// The Ising model, U(s) = −J·Σ sᵢsⱼ − H·Σ sᵢ over spins s ∈ {−1, 1}ⁿ, with the first sum over
/// pairs of neighbours (Ising 1925).
///
/// States are tensors of −1 and 1. The gradient is that of the same formula on real numbers. The
/// energy is linear in each spin, so flipping sᵢ changes it by exactly −2sᵢ·∂U/∂sᵢ.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Ising {
    lattice: Lattice,
    coupling: f64,
    field: f64,
}

impl Ising {
    /// Creates a model on `lattice`, with J = `coupling` (positive: neighbours align) and H =
    /// `field`.
    ///
    /// # Errors
    /// If a side has fewer than 3 spins (two neighbours would be one), or a number is not finite.
    pub fn new(lattice: Lattice, coupling: f64, field: f64) -> Result<Self, TargetError> {
        let sides = match lattice {
            Lattice::Ring(spins) => [spins; 2],
            Lattice::Torus { rows, columns } => [rows, columns],
        };
        sides.into_iter().try_for_each(|side| TargetError::at_least("side", 3, side))?;
        TargetError::finite("coupling", coupling)?;
        TargetError::finite("field", field)?;
        Ok(Self { lattice, coupling, field })
    }

    /// Returns ⟨sᵢsⱼ⟩ of neighbours on a ring, the derivative of (log Z)/n with respect to J;
    /// `None` on a torus.
    pub fn neighbour_correlation(&self) -> Option<f64> {
        let Lattice::Ring(spins) = self.lattice else { return None };
        let Transfer { even, odd, off_squared, .. } = self.transfer();
        Some(self.transfer().derivative(spins, even, odd * odd - off_squared))
    }

    /// The ring's transfer matrix, [[e^(J+H), e⁻ᴶ], [e⁻ᴶ, e^(J−H)]].
    fn transfer(&self) -> Transfer {
        let log_scale = (self.coupling + self.field.abs()).max(-self.coupling);
        let [up, down] =
            [self.field, -self.field].map(|field| (self.coupling + field - log_scale).exp());
        Transfer {
            log_scale,
            even: 0.5 * (up + down),
            odd: 0.5 * (up - down),
            off_squared: (-2.0 * (self.coupling + log_scale)).exp(),
        }
    }

    /// Rows and columns of a grid of the spins; a ring is one row.
    fn grid(&self) -> [usize; 2] {
        match self.lattice {
            Lattice::Ring(spins) => [1, spins],
            Lattice::Torus { rows, columns } => [rows, columns],
        }
    }

    /// For each spin the sum of its neighbours at the offsets `shifts`. Both tensors: `[batch,
    /// spins]`.
    fn neighbours(&self, spins: &Tensor<2>, shifts: &[i64]) -> Tensor<2> {
        let [rows, columns] = self.grid();
        let [batch, count] = spins.dims();
        let grid = spins.clone().reshape([batch, rows, columns]);
        let dimensions = if rows > 1 { 1..3 } else { 2..3 };
        let shifted = dimensions
            .flat_map(|dim| shifts.iter().map(move |&shift| (shift, dim)))
            .map(|(shift, dim)| grid.clone().roll_dim(shift, dim))
            .reduce(|a, b| a + b);
        shifted.unwrap_or(grid).reshape([batch, count])
    }
}

/// The numbers that the transfer matrix's eigenvalues, `even` ± √(`odd`² + `off_squared`), are made
/// of, divided by the largest entry: eᴶcosh H, eᴶsinh H and e⁻²ᴶ.
struct Transfer {
    log_scale: f64,
    even: f64,
    odd: f64,
    off_squared: f64,
}

impl Transfer {
    fn root(&self) -> f64 {
        (self.odd * self.odd + self.off_squared).sqrt()
    }

    fn log_normaliser(&self, spins: usize) -> f64 {
        let largest = self.even + self.root();
        let ratio = (self.even - self.root()) / largest;
        spins as f64 * (self.log_scale + largest.ln()) + ratio.powf(spins as f64).ln_1p()
    }

    /// The derivative of (log Z)/n by a parameter by which that of `even` is `of_even` and that of
    /// the root is `of_square`/root.
    fn derivative(&self, spins: usize, of_even: f64, of_square: f64) -> f64 {
        let largest = self.even + self.root();
        let ratio = (self.even - self.root()) / largest;
        let of_root = of_square / self.root();
        let powers = [spins - 1, spins].map(|power| ratio.powf(power as f64));
        (of_even + of_root + powers[0] * (of_even - of_root)) / (largest * (1.0 + powers[1]))
    }
}

impl Energy<2> for Ising {
    fn energy(&self, x: Tensor<2>) -> Tensor<1> {
        // Each pair once: the neighbour to the right, and the one below.
        let pairs = x.clone() * self.neighbours(&x, &[-1]);
        row_sum(pairs) * -self.coupling - row_sum(x) * self.field
    }

    fn energy_and_gradient(&self, x: Tensor<2>) -> (Tensor<1>, Tensor<2>) {
        let gradient = self.neighbours(&x, &[-1, 1]) * -self.coupling - self.field;
        (self.energy(x), gradient)
    }
}

impl Target for Ising {
    fn name(&self) -> &'static str {
        "ising"
    }

    fn dim(&self) -> usize {
        let [rows, columns] = self.grid();
        rows * columns
    }

    /// The magnetisation: 0 without a field, by symmetry, and the derivative of (log Z)/n by H on a
    /// ring.
    fn mean(&self) -> Option<Vec<f64>> {
        let magnetisation = match self.lattice {
            _ if self.field == 0.0 => 0.0,
            Lattice::Ring(spins) => {
                let Transfer { even, odd, .. } = self.transfer();
                self.transfer().derivative(spins, odd, odd * even)
            }
            Lattice::Torus { .. } => return None,
        };
        Some(vec![magnetisation; self.dim()])
    }

    fn variance(&self) -> Option<Vec<f64>> {
        Some(self.mean()?.into_iter().map(|mean| 1.0 - mean * mean).collect())
    }

    /// Computed by the transfer matrix on a ring, and by Kaufman's formula on a torus with J > 0
    /// and H = 0.
    fn log_normaliser(&self) -> Option<f64> {
        match self.lattice {
            Lattice::Ring(spins) => Some(self.transfer().log_normaliser(spins)),
            Lattice::Torus { rows, columns } => (self.coupling > 0.0 && self.field == 0.0)
                .then(|| torus_log_normaliser(rows, columns, self.coupling))
                .filter(|log_normaliser| log_normaliser.is_finite()),
        }
    }
}

/// log Z of the torus without a field (Kaufman, Physical Review 1949, in the form of Ferdinand and
/// Fisher 1969): ½(2 sinh 2J)^(mn/2) times Π 2cosh(mγ/2) + Π 2sinh(mγ/2) over the odd γ, plus the
/// same over the even γ.
fn torus_log_normaliser(rows: usize, columns: usize, coupling: f64) -> f64 {
    let [m, n] = [rows as f64, columns as f64];
    let (sinh, cosh) = ((2.0 * coupling).sinh(), (2.0 * coupling).cosh());
    // γ₀ changes its sign at the critical coupling.
    let gamma_0 = 2.0 * coupling + coupling.tanh().ln();
    let gamma = |l: usize| match l {
        0 => gamma_0.abs(),
        _ => (cosh * cosh / sinh - (std::f64::consts::PI * l as f64 / n).cos()).acosh(),
    };
    let log_cosh = |x: f64| x + (-2.0 * x).exp().ln_1p();
    let log_sinh = |x: f64| x + (-(-2.0 * x).exp_m1()).ln();
    let product = |parity: usize, log: &dyn Fn(f64) -> f64| -> f64 {
        (0..columns).map(|r| log(0.5 * m * gamma(2 * r + parity))).sum()
    };
    let largest = product(1, &log_cosh);
    let sum = 1.0
        + (product(1, &log_sinh) - largest).exp()
        + (product(0, &log_cosh) - largest).exp()
        + gamma_0.signum() * (product(0, &log_sinh) - largest).exp();
    0.5 * m * n * (2.0 * sinh).ln() + largest + (0.5 * sum).ln()
}

#[cfg(test)]
mod tests;
