//! Replaces a folder of results at once: a reader sees the former results or the new ones, never a
//! mixture.
//!
//! `cargo run -p ebm-files --example results_folder`

use std::error::Error;
use std::{env, fs};

use ebm_files::{FileError, csv, sha256_file, write_file, write_folder};

fn main() -> Result<(), Box<dyn Error>> {
    let path = env::temp_dir().join("ebm-files-results");
    for seed in 1..=2 {
        write_folder(&path, |folder| {
            let mut table = csv::line(["step", "energy"]);
            for step in 0..3 {
                table += &csv::line([step.to_string(), (seed * step).to_string()]);
            }
            let file = folder.join("energies.csv");
            write_file(&file, table.as_bytes())?;
            // The checksum tells a later reader whether the table is the one that was written.
            let checksum = format!("{}  energies.csv\n", sha256_file(&file)?);
            write_file(&folder.join("SHA256SUMS"), checksum.as_bytes())?;
            Ok::<_, FileError>(())
        })?;
        println!("after seed {seed}:\n{}", fs::read_to_string(path.join("energies.csv"))?);
    }
    println!("{}", path.display());
    Ok(())
}
