//! Winograd's short convolutions by the Cook–Toom construction: m outputs of an r-tap filter from
//! n = m + r − 1 products, by evaluating polynomials at n − 1 points and at infinity (Winograd,
//! "Arithmetic complexity of computations", 1980; for networks Lavin and Gray, "Fast algorithms for
//! convolutional neural networks", CVPR 2016).

/// The number of outputs of a tile along one axis.
pub(crate) const M: usize = 4;
/// The largest number of taps of a filter along one axis.
pub(crate) const TAPS: usize = 3;

/// The transforms of F(4, `N` − 3): output = Aᵀ[(G·filter) ⊙ (Bᵀ·input)], and their transposes.
#[derive(Debug)]
pub(crate) struct Tables<const N: usize> {
    pub(crate) at: [[f32; N]; M],
    pub(crate) a: [[f32; M]; N],
    pub(crate) bt: [[f32; N]; N],
    pub(crate) b: [[f32; N]; N],
    /// The matrix G, `N` × (`N` − 3), padded with zeros.
    pub(crate) g: [[f32; TAPS]; N],
}

/// The transforms for tiles of `N` inputs, as constants: kernels unroll over them.
pub(crate) trait Tile<const N: usize> {
    const TABLES: Tables<N>;
}

/// The construction of Cook and Toom at the points with the smallest coefficients: 0, ±1, ±2.
#[derive(Clone, Copy, Debug)]
pub(crate) struct CookToom;

impl Tile<5> for CookToom {
    const TABLES: Tables<5> = cook_toom([0.0, 1.0, -1.0, 2.0]);
}

impl Tile<6> for CookToom {
    const TABLES: Tables<6> = cook_toom([0.0, 1.0, -1.0, 2.0, -2.0]);
}

const fn cook_toom<const N: usize, const POINTS: usize>(points: [f32; POINTS]) -> Tables<N> {
    assert!(POINTS + 1 == N);
    let mut at = [[0.0; N]; M];
    let mut bt = [[0.0; N]; N];
    let mut g = [[0.0; TAPS]; N];
    let mut i = 0;
    while i < POINTS {
        let mut power = 1.0;
        let mut row = 0;
        while row < M {
            at[row][i] = power;
            power *= points[i];
            row += 1;
        }
        // Row i of Bᵀ holds the coefficients of ∏_{j≠i} (x − pⱼ); its value at pᵢ scales row i of
        // G.
        let (polynomial, mut scale) = (product_without::<N, POINTS>(&points, i), 1.0);
        let mut j = 0;
        while j < POINTS {
            if j != i {
                scale *= points[i] - points[j];
            }
            j += 1;
        }
        bt[i] = polynomial;
        let mut power = 1.0;
        let mut tap = 0;
        while tap < N + 1 - M {
            g[i][tap] = power / scale;
            power *= points[i];
            tap += 1;
        }
        i += 1;
    }
    // The point at infinity: the highest coefficients.
    at[M - 1][N - 1] = 1.0;
    bt[N - 1] = product_without::<N, POINTS>(&points, POINTS);
    g[N - 1][N - M] = 1.0;
    Tables { a: transpose(&at), b: transpose(&bt), at, bt, g }
}

/// Returns the coefficients, lowest first, of the product of (x − pⱼ) over all j but `left_out`.
const fn product_without<const N: usize, const POINTS: usize>(
    points: &[f32; POINTS],
    left_out: usize,
) -> [f32; N] {
    let mut coefficients = [0.0; N];
    coefficients[0] = 1.0;
    let mut j = 0;
    while j < POINTS {
        if j != left_out {
            let mut power = N - 1;
            while power > 0 {
                coefficients[power] = coefficients[power - 1] - points[j] * coefficients[power];
                power -= 1;
            }
            coefficients[0] *= -points[j];
        }
        j += 1;
    }
    coefficients
}

const fn transpose<const R: usize, const C: usize>(matrix: &[[f32; C]; R]) -> [[f32; R]; C] {
    let mut transposed = [[0.0; R]; C];
    let mut row = 0;
    while row < R {
        let mut column = 0;
        while column < C {
            transposed[column][row] = matrix[row][column];
            column += 1;
        }
        row += 1;
    }
    transposed
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The published matrices of F(4, 3).
    #[test]
    fn f_4_3() {
        let Tables { at, bt, g, .. } = <CookToom as Tile<6>>::TABLES;
        assert_eq!(bt[0], [4.0, 0.0, -5.0, 0.0, 1.0, 0.0]);
        assert_eq!(bt[1], [0.0, -4.0, -4.0, 1.0, 1.0, 0.0]);
        assert_eq!(bt[5], [0.0, 4.0, 0.0, -5.0, 0.0, 1.0]);
        assert_eq!(at[3], [0.0, 1.0, -1.0, 8.0, -8.0, 1.0]);
        assert_eq!(g[0], [0.25, 0.0, 0.0]);
        assert_eq!(g[4], [1.0 / 24.0, -1.0 / 12.0, 1.0 / 6.0]);
    }

    fn convolves<const N: usize>(input: [f32; N], filter: [f32; TAPS])
    where
        CookToom: Tile<N>,
    {
        let tables = <CookToom as Tile<N>>::TABLES;
        let dot = |row: &[f32], x: &[f32]| row.iter().zip(x).map(|(a, b)| a * b).sum::<f32>();
        let products: Vec<f32> =
            (0..N).map(|i| dot(&tables.g[i], &filter) * dot(&tables.bt[i], &input)).collect();
        for i in 0..M {
            let direct: f32 = (0..=N - M).map(|tap| filter[tap] * input[i + tap]).sum();
            assert!((dot(&tables.at[i], &products) - direct).abs() < 1e-5, "{N}, output {i}");
        }
    }

    #[test]
    fn tables_convolve() {
        convolves([0.3, -1.2, 0.8, 2.0, -0.4], [0.7, -0.9, 0.0]);
        convolves([0.3, -1.2, 0.8, 2.0, -0.4, 1.1], [0.7, -0.9, 0.2]);
    }
}
