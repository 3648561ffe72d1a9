//! Holds no code: the dependencies of this crate unify Cargo features across the workspace.
