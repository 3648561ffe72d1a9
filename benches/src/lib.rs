//! Holds the benchmarks in `benches/`; run them with `cargo xtask bench`.
