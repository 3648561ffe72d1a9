//! Models of two layers of units.

use burn::tensor::Tensor;

/// A model of binary units in two layers, visible and hidden. The units of one layer are
/// independent given the other layer, so a whole layer can be drawn at once.
pub trait Bipartite {
    /// Returns p(hⱼ = 1 | v) of each hidden unit.
    ///
    /// # Shapes
    /// - `visible`: `[batch, visible]`
    /// - output: `[batch, hidden]`
    fn hidden_given_visible(&self, visible: Tensor<2>) -> Tensor<2>;

    /// Returns p(vᵢ = 1 | h) of each visible unit.
    ///
    /// # Shapes
    /// - `hidden`: `[batch, hidden]`
    /// - output: `[batch, visible]`
    fn visible_given_hidden(&self, hidden: Tensor<2>) -> Tensor<2>;
}

macro_rules! forward {
    ($($pointer:ty),*) => {$(
        impl<M: Bipartite + ?Sized> Bipartite for $pointer {
            fn hidden_given_visible(&self, visible: Tensor<2>) -> Tensor<2> {
                (**self).hidden_given_visible(visible)
            }

            fn visible_given_hidden(&self, hidden: Tensor<2>) -> Tensor<2> {
                (**self).visible_given_hidden(hidden)
            }
        }
    )*};
}

forward!(&M, Box<M>);
