//! The parts of a run that depend on its student.

use std::fmt;

/// A part of a run that depends on its student.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Part {
    /// An energy that learns beside the student.
    Energy,
    /// A decoder.
    Decoder,
    /// An encoder that has been trained.
    Encoder,
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Energy => "an energy",
            Self::Decoder => "a decoder",
            Self::Encoder => "a trained encoder",
        })
    }
}
