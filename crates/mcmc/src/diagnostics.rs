//! Stub.
/// Draws.
#[derive(Clone, Debug)]
pub struct Draws {
    values: Vec<f64>,
    shape: Vec<usize>,
}
impl Draws {
    /// New.
    pub fn new(values: Vec<f64>, shape: &[usize]) -> Result<Self, crate::ChainError> {
        Ok(Self { values, shape: shape.to_vec() })
    }
    /// Shape.
    pub fn shape(&self) -> &[usize] {
        &self.shape
    }
    /// Values.
    pub fn values(&self) -> &[f64] {
        &self.values
    }
}
/// Summary.
#[derive(Debug)]
pub struct Summary;
impl Summary {
    /// Of.
    pub fn of(_: &Draws) -> Self {
        Self
    }
}
impl std::fmt::Display for Summary {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "")
    }
}
