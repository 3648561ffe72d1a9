//! The layers of Inception v3, as tables.

/// A convolution without bias, its batch normalisation and ReLU.
pub(super) struct Layer {
    /// The name of PyTorch's module within the block.
    pub(super) name: &'static str,
    pub(super) outputs: usize,
    pub(super) kernel: [usize; 2],
    pub(super) stride: usize,
    /// Whether the image keeps its size, padded by half a kernel of zeros on each side.
    pub(super) padded: bool,
}

/// The pooling that a branch starts with.
#[derive(Clone, Copy, Debug)]
pub(super) enum Pool {
    Nothing,
    /// A 3 × 3 average pooling at stride 1, without counting padding.
    Mean,
    /// A 3 × 3 max pooling at stride 1.
    Max,
    /// A 3 × 3 max pooling at stride 2, without padding.
    Halve,
}

/// A branch of a block: pooling, a chain of layers, then parallel layers.
pub(super) struct Branch {
    pub(super) pool: Pool,
    pub(super) chain: Vec<Layer>,
    pub(super) fork: Vec<Layer>,
}

/// A block of parallel branches.
pub(super) struct Block {
    /// The name of PyTorch's module; empty for layers outside any block.
    pub(super) name: &'static str,
    pub(super) branches: Vec<Branch>,
}

/// Returns the network up to the global means, from 3 channels of 299 × 299 to 2048 of 8 × 8.
pub(super) fn network() -> Vec<Block> {
    let block = |name, branches| Block { name, branches };
    vec![
        block("", stem()),
        block(
            "",
            vec![pooled(
                Pool::Halve,
                vec![one("Conv2d_3b_1x1", 80), valid("Conv2d_4a_3x3", 192, 1)],
            )],
        ),
        block("", vec![pooled(Pool::Halve, vec![])]),
        block("Mixed_5b", a(32)),
        block("Mixed_5c", a(64)),
        block("Mixed_5d", a(64)),
        block("Mixed_6a", b()),
        block("Mixed_6b", c(128)),
        block("Mixed_6c", c(160)),
        block("Mixed_6d", c(160)),
        block("Mixed_6e", c(192)),
        block("Mixed_7a", d()),
        block("Mixed_7b", e(Pool::Mean)),
        block("Mixed_7c", e(Pool::Max)),
    ]
}

fn stem() -> Vec<Branch> {
    vec![chain(vec![
        valid("Conv2d_1a_3x3", 32, 2),
        valid("Conv2d_2a_3x3", 32, 1),
        same("Conv2d_2b_3x3", 64, [3, 3]),
    ])]
}

fn a(pool_features: usize) -> Vec<Branch> {
    vec![
        chain(vec![one("branch1x1", 64)]),
        chain(vec![one("branch5x5_1", 48), same("branch5x5_2", 64, [5, 5])]),
        chain(vec![
            one("branch3x3dbl_1", 64),
            same("branch3x3dbl_2", 96, [3, 3]),
            same("branch3x3dbl_3", 96, [3, 3]),
        ]),
        pooled(Pool::Mean, vec![one("branch_pool", pool_features)]),
    ]
}

fn b() -> Vec<Branch> {
    vec![
        chain(vec![valid("branch3x3", 384, 2)]),
        chain(vec![
            one("branch3x3dbl_1", 64),
            same("branch3x3dbl_2", 96, [3, 3]),
            valid("branch3x3dbl_3", 96, 2),
        ]),
        pooled(Pool::Halve, vec![]),
    ]
}

fn c(channels: usize) -> Vec<Branch> {
    vec![
        chain(vec![one("branch1x1", 192)]),
        chain(vec![
            one("branch7x7_1", channels),
            same("branch7x7_2", channels, [1, 7]),
            same("branch7x7_3", 192, [7, 1]),
        ]),
        chain(vec![
            one("branch7x7dbl_1", channels),
            same("branch7x7dbl_2", channels, [7, 1]),
            same("branch7x7dbl_3", channels, [1, 7]),
            same("branch7x7dbl_4", channels, [7, 1]),
            same("branch7x7dbl_5", 192, [1, 7]),
        ]),
        pooled(Pool::Mean, vec![one("branch_pool", 192)]),
    ]
}

fn d() -> Vec<Branch> {
    vec![
        chain(vec![one("branch3x3_1", 192), valid("branch3x3_2", 320, 2)]),
        chain(vec![
            one("branch7x7x3_1", 192),
            same("branch7x7x3_2", 192, [1, 7]),
            same("branch7x7x3_3", 192, [7, 1]),
            valid("branch7x7x3_4", 192, 2),
        ]),
        pooled(Pool::Halve, vec![]),
    ]
}

fn e(pool: Pool) -> Vec<Branch> {
    let fork = |one, other| vec![same(one, 384, [1, 3]), same(other, 384, [3, 1])];
    vec![
        chain(vec![one("branch1x1", 320)]),
        Branch {
            fork: fork("branch3x3_2a", "branch3x3_2b"),
            ..chain(vec![one("branch3x3_1", 384)])
        },
        Branch {
            fork: fork("branch3x3dbl_3a", "branch3x3dbl_3b"),
            ..chain(vec![one("branch3x3dbl_1", 448), same("branch3x3dbl_2", 384, [3, 3])])
        },
        pooled(pool, vec![one("branch_pool", 192)]),
    ]
}

fn chain(layers: Vec<Layer>) -> Branch {
    pooled(Pool::Nothing, layers)
}

fn pooled(pool: Pool, chain: Vec<Layer>) -> Branch {
    Branch { pool, chain, fork: vec![] }
}

/// Returns a 1 × 1 layer.
fn one(name: &'static str, outputs: usize) -> Layer {
    same(name, outputs, [1, 1])
}

/// Returns a layer that keeps the image's size.
fn same(name: &'static str, outputs: usize, kernel: [usize; 2]) -> Layer {
    Layer { name, outputs, kernel, stride: 1, padded: true }
}

/// Returns a 3 × 3 layer without padding.
fn valid(name: &'static str, outputs: usize, stride: usize) -> Layer {
    Layer { name, outputs, kernel: [3, 3], stride, padded: false }
}
