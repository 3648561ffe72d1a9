//! Exports draws, with the statistics of the transitions of NUTS, for NumPy and ArviZ.
//!
//! ```text
//! cargo run --release --example export -- draws.json
//! python
//! >>> import arviz, json
//! >>> idata = arviz.from_dict(**json.load(open("draws.json")))
//! >>> print(arviz.summary(idata), arviz.bfmi(idata))
//! ```

#![allow(clippy::print_stdout, reason = "an example")]

use std::error::Error;
use std::path::PathBuf;

use burn::tensor::Device;
use ebm_mcmc::{Key, Nuts, Sampler, WarmUp};
use ebm_targets::{EightSchools, Target};

fn main() -> Result<(), Box<dyn Error>> {
    let path: PathBuf = std::env::args().nth(1).unwrap_or_else(|| "draws.npz".into()).into();

    let (schools, key) = (EightSchools::new(), Key::new(7));
    let start = key.fold(0).normal::<2>([4, schools.dim()], &Device::flex());
    let (nuts, state) = WarmUp::new(300).run(Nuts::new(0.1), &schools, start, key.fold(1))?;
    let samples = Sampler::new(nuts, &schools, state.position, key.fold(2)).sample(100)?;

    let export = samples.export();
    match path.extension() {
        Some(extension) if extension == "json" => export.write_json(&path)?,
        _ => export.write_npz(&path)?,
    }
    println!("{}{}", samples.summary(), path.display());
    Ok(())
}
