//! Writes two arrays to an .npz, as `numpy.savez` does, and lists what an .npz holds.
//!
//! `cargo run -p ebm-files --example npz -- [FILE.npz]`

use std::env;
use std::error::Error;
use std::path::PathBuf;

use ebm_files::{NpzReader, NpzWriter, write_file_with};

/// No array of more than 1 GiB is read.
const LIMIT: u64 = 1 << 30;

fn main() -> Result<(), Box<dyn Error>> {
    let path = match env::args_os().nth(1) {
        Some(path) => PathBuf::from(path),
        None => {
            let path = env::temp_dir().join("ebm-files-example.npz");
            let wave: Vec<f64> = (0..12).map(|i| f64::from(i).sin()).collect();
            write_file_with(&path, |file| {
                let mut npz = NpzWriter::new(file);
                npz.array("wave", &[3, 4], &wave)?;
                npz.array("labels", &[3], &[0_i64, 1, 0])?;
                npz.finish()
            })?;
            path
        }
    };
    let mut npz = NpzReader::open_file(&path)?;
    println!("{}", path.display());
    let names: Vec<String> = npz.names().map(str::to_owned).collect();
    for name in names {
        // An array that cannot be read does not stop the list: its line shows the error.
        match npz.array(&name, LIMIT) {
            Ok(Some(array)) => println!("  {name}: {} {:?}", array.element(), array.shape()),
            Ok(None) => {}
            Err(error) => println!("  {error}"),
        }
    }
    Ok(())
}
