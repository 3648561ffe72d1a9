//! Matrix products of a few rows with a packed matrix, accumulated in registers.

use std::ops::Range;

use pulp::{Arch, Simd, WithSimd};

use crate::buffer::{Buffer, LINE, padded};

/// The largest number of columns of a panel.
pub(crate) const PANEL: usize = 2 * LINE;

/// Cuts `0..len` into ranges of `size`; the last may be shorter.
pub(crate) fn chunk_ranges(len: usize, size: usize) -> impl Iterator<Item = Range<usize>> {
    (0..len).step_by(size).map(move |first| first..len.min(first + size))
}

/// The columns of a panel: two registers with AVX-512 and AVX2, four with NEON, otherwise one
/// [`LINE`].
struct PanelColumns;

impl WithSimd for PanelColumns {
    type Output = usize;

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) -> usize {
        (2 * S::F32_LANES).clamp(LINE, PANEL)
    }
}

/// A matrix `[k, columns]`, packed for products with rows of length `k`: panels of one or two
/// [`LINE`]s of columns (the last may have one where the others have two), each `[k, width]`.
#[derive(Clone, Debug)]
pub(crate) struct Packed {
    data: Buffer,
    k: usize,
    columns: usize,
    /// The columns of each panel but the last.
    wide: usize,
}

impl Packed {
    /// Packs a matrix `[k, columns]`. `fill(row, first column, out)` writes a part of a row into
    /// zeros; columns are padded to whole cache lines, and padding that it does not write stays
    /// zero.
    pub(crate) fn new(
        k: usize,
        columns: usize,
        mut fill: impl FnMut(usize, usize, &mut [f32]),
    ) -> Self {
        let (columns, wide) = (padded(columns), Arch::new().dispatch(PanelColumns));
        let mut data = Buffer::zeros(k * columns);
        for part in chunk_ranges(columns, wide) {
            let panel = &mut data[part.start * k..part.end * k];
            for (row, out) in panel.chunks_exact_mut(part.len()).enumerate() {
                fill(row, part.start, out);
            }
        }
        Self { data, k, columns, wide }
    }

    /// Returns the number of columns, padding included.
    pub(crate) fn columns(&self) -> usize {
        self.columns
    }

    pub(crate) fn k(&self) -> usize {
        self.k
    }

    /// Returns the panels of a range of columns, each with its first column. The range starts at a
    /// multiple of [`PANEL`] and ends at one or at the last column.
    pub(crate) fn panels(&self, columns: Range<usize>) -> impl Iterator<Item = (usize, &[f32])> {
        columns.step_by(self.wide).map(|first| {
            let width = self.wide.min(self.columns - first);
            (first, &self.data[first * self.k..(first + width) * self.k])
        })
    }
}

/// The product `out[r] = LeakyReLU(bias + rows[r] · panel)` of `count` rows.
pub(crate) struct Product<'a> {
    /// The panel, `[k, width]`.
    pub(crate) panel: &'a [f32],
    pub(crate) k: usize,
    /// The rows; row `r` starts at `r * row_stride`.
    pub(crate) rows: &'a [f32],
    pub(crate) row_stride: usize,
    pub(crate) count: usize,
    /// The output; row `r` starts at `r * out_stride` and its first `width` elements are written.
    pub(crate) out: &'a mut [f32],
    pub(crate) out_stride: usize,
    /// The bias, at least `width` elements; empty for no bias.
    pub(crate) bias: &'a [f32],
    /// The negative slope; 1 leaves the sum unchanged.
    pub(crate) slope: f32,
}

impl Product<'_> {
    /// Computes the product. All callers share this dispatch, and so one copy of the kernels.
    pub(crate) fn run(self, arch: Arch) {
        arch.dispatch(self);
    }
}

impl WithSimd for Product<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let narrow = self.panel.len() < PANEL * self.k;
        // Registers: the accumulators (vectors × rows), the panel's vectors, one row element.
        match (S::F32_LANES, narrow) {
            (16, false) => rows::<S, 2, 12>(simd, self),
            (16, true) => rows::<S, 1, 16>(simd, self),
            (8, _) => rows::<S, 2, 6>(simd, self),
            (4, _) => rows::<S, 4, 6>(simd, self),
            _ => rows::<S, 16, 1>(simd, self),
        }
    }
}

#[inline(always)]
fn rows<S: Simd, const V: usize, const R: usize>(simd: S, product: Product<'_>) {
    let Product { panel, k, rows, row_stride, count, out, out_stride, bias, slope } = product;
    assert_eq!(panel.len(), k * V * S::F32_LANES, "a panel is packed for the vectors in use");
    let (panel, _) = S::as_simd_f32s(panel);
    let (bias, _) = S::as_simd_f32s(bias);
    let mut start = [simd.splat_f32s(0.0); V];
    for (start, bias) in start.iter_mut().zip(bias) {
        *start = *bias;
    }
    let bias = start;
    let slope = simd.splat_f32s(slope);
    let mut row = 0;
    while row < count {
        let rows = &rows[row * row_stride..];
        let out = &mut out[row * out_stride..];
        row += match count - row {
            left if left >= R => {
                some_rows::<S, V, R>(simd, panel, k, rows, row_stride, out, out_stride, bias, slope)
            }
            left if left >= 4 => {
                some_rows::<S, V, 4>(simd, panel, k, rows, row_stride, out, out_stride, bias, slope)
            }
            2 | 3 => {
                some_rows::<S, V, 2>(simd, panel, k, rows, row_stride, out, out_stride, bias, slope)
            }
            _ => {
                some_rows::<S, V, 1>(simd, panel, k, rows, row_stride, out, out_stride, bias, slope)
            }
        };
    }
}

/// Computes `R` rows and returns `R`.
#[inline(always)]
#[allow(clippy::too_many_arguments, reason = "the fields of a product, each in a register")]
fn some_rows<S: Simd, const V: usize, const R: usize>(
    simd: S,
    panel: &[S::f32s],
    k: usize,
    rows: &[f32],
    row_stride: usize,
    out: &mut [f32],
    out_stride: usize,
    bias: [S::f32s; V],
    slope: S::f32s,
) -> usize {
    let mut elements: [&[f32]; R] = [&[]; R];
    for (r, elements) in elements.iter_mut().enumerate() {
        *elements = &rows[r * row_stride..][..k];
    }
    let mut sums = [bias; R];
    for (i, vectors) in panel.chunks_exact(V).take(k).enumerate() {
        for r in 0..R {
            let element = simd.splat_f32s(elements[r][i]);
            for v in 0..V {
                sums[r][v] = simd.mul_add_f32s(vectors[v], element, sums[r][v]);
            }
        }
    }
    for (r, sums) in sums.into_iter().enumerate() {
        let (out, _) = S::as_mut_simd_f32s(&mut out[r * out_stride..][..V * S::F32_LANES]);
        for v in 0..V {
            out[v] = simd.max_f32s(sums[v], simd.mul_f32s(sums[v], slope));
        }
    }
    R
}

/// The sum of outer products `out[i][j] += Σₜ left[t][i]·right[t][j]` over `count` rows.
pub(crate) struct OuterProducts<'a> {
    /// The left factors, `[count, ≥ rows]`, one row every `left_stride`.
    pub(crate) left: &'a [f32],
    pub(crate) left_stride: usize,
    /// The right factors, `[count, columns]`, contiguous; `columns` is a multiple of a cache line.
    pub(crate) right: &'a [f32],
    pub(crate) columns: usize,
    pub(crate) count: usize,
    /// The output, `[rows, columns]`.
    pub(crate) out: &'a mut [f32],
}

impl WithSimd for OuterProducts<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        match S::F32_LANES {
            16 => outer_products::<S, 2, 12>(simd, self),
            8 => outer_products::<S, 2, 6>(simd, self),
            4 => outer_products::<S, 4, 6>(simd, self),
            _ => outer_products::<S, 32, 1>(simd, self),
        }
    }
}

#[inline(always)]
fn outer_products<S: Simd, const V: usize, const R: usize>(simd: S, outer: OuterProducts<'_>) {
    let OuterProducts { left, left_stride, right, columns, count, out } = outer;
    let rows = out.len() / columns;
    let wide = V * S::F32_LANES;
    let mut column = 0;
    while column < columns {
        let width = wide.min(columns - column);
        let mut row = 0;
        while row < rows {
            let block =
                Block { left: &left[row..], left_stride, right: &right[column..], columns, count };
            let out = &mut out[row * columns + column..];
            row += match (rows - row, width == wide) {
                (left, true) if left >= R => block.add::<S, V, R>(simd, out),
                (left, true) if left >= 4 => block.add::<S, V, 4>(simd, out),
                (2 | 3, true) => block.add::<S, V, 2>(simd, out),
                (_, true) => block.add::<S, V, 1>(simd, out),
                (left, false) if left >= R => block.add_narrow::<S, R>(simd, out, width),
                (_, false) => block.add_narrow::<S, 1>(simd, out, width),
            };
        }
        column += width;
    }
}

/// A block of [`OuterProducts`] that is accumulated in registers.
struct Block<'a> {
    left: &'a [f32],
    left_stride: usize,
    right: &'a [f32],
    columns: usize,
    count: usize,
}

impl Block<'_> {
    /// Adds `R` rows of `V` vectors to `out` and returns `R`.
    #[inline(always)]
    fn add<S: Simd, const V: usize, const R: usize>(&self, simd: S, out: &mut [f32]) -> usize {
        let mut sums = [[simd.splat_f32s(0.0); V]; R];
        for t in 0..self.count {
            let elements = &self.left[t * self.left_stride..][..R];
            let (vectors, _) = S::as_simd_f32s(&self.right[t * self.columns..][..V * S::F32_LANES]);
            for r in 0..R {
                let element = simd.splat_f32s(elements[r]);
                for v in 0..V {
                    sums[r][v] = simd.mul_add_f32s(vectors[v], element, sums[r][v]);
                }
            }
        }
        for (r, sums) in sums.into_iter().enumerate() {
            let (out, _) = S::as_mut_simd_f32s(&mut out[r * self.columns..][..V * S::F32_LANES]);
            for v in 0..V {
                out[v] = simd.add_f32s(out[v], sums[v]);
            }
        }
        R
    }

    /// Adds the products like [`add`](Self::add), one vector at a time.
    #[inline(always)]
    fn add_narrow<S: Simd, const R: usize>(&self, simd: S, out: &mut [f32], width: usize) -> usize {
        for first in (0..width).step_by(S::F32_LANES) {
            let part = Self { right: &self.right[first..], ..*self };
            part.add::<S, 1, R>(simd, &mut out[first..]);
        }
        R
    }
}
