//! Holds the criterion benchmarks in `benches/`; run them with `cargo xtask bench`.
