//! Opens a finished run, draws samples and measures them.
//!
//!     cargo run --release -p ebm-run --example read_run -- runs/digits FOLDER
//!
//! Without arguments, a quick run is trained first, in a temporary folder.

use std::error::Error;
use std::path::PathBuf;

use ebm::device::{DeviceName, open};
use ebm::teaching::Recipe;
use ebm_run::tasks::{Baseline, EnergyOptions, SampleOptions};
use ebm_run::{OutputFolder, Run, RunOptions, TrainedRun};

fn main() -> Result<(), Box<dyn Error>> {
    let device = open(DeviceName::Cpu)?;
    let temporary = tempfile::tempdir()?;
    let mut arguments = std::env::args().skip(1).map(PathBuf::from);
    let path = match arguments.next() {
        Some(path) => path,
        None => {
            let path = temporary.path().join("run");
            let options = RunOptions::default().with_path(&path);
            Run::create(Recipe::embedded("digits-quick")?, &device, &options)?.train(&mut [])?;
            path
        }
    };
    let out = arguments.next().unwrap_or_else(|| temporary.path().join("samples"));

    let run = TrainedRun::open(&path, &device)?.with_seed(7);
    let samples = run.sample(&SampleOptions::new(16).with_steps(20))?;
    samples.write(&mut OutputFolder::create(out)?)?;
    for line in samples.energies.iter().take(4) {
        println!("sample {}: U(x₀) = {:.2}, U(x_T) = {:.2}", line.sample, line.x0, line.refined);
    }
    // A good energy is lower for data than for noise.
    let comparison = run.energies(&EnergyOptions::new(200).with_baseline(Baseline::Noise))?;
    println!("U of data: {:.2} on average", comparison.set.summary().mean);
    println!("P(U(noise) > U(data)) = {:.3}", comparison.auroc.unwrap_or(f64::NAN));
    Ok(())
}
