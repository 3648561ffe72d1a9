//! Opens a data set by its name, downloads it if it is missing, and iterates over an epoch.
//!
//! `cargo run -p ebm-data --example catalog -- [NAME]`; `EBM_DATA` names the folder of data sets.

use std::env;
use std::error::Error;

use burn::tensor::Device;
use ebm_data::{
    Batches, Catalog, DataError, DataRoot, FetchOptions, Last, Progress, Selection, Split, fetch,
    open,
};
use ebm_noise::Key;

fn main() -> Result<(), Box<dyn Error>> {
    let (catalog, root) = (Catalog::resolve(None)?, DataRoot::resolve(None)?);
    let name = env::args().nth(1).unwrap_or_else(|| "digits".into());
    for entry in catalog.entries() {
        println!("{:<18} {}", entry.name, entry.description);
    }
    let selection = Selection::new(&name).with_split(Split::Train);
    let (images, split) = match open(&selection, &root, &catalog) {
        Err(DataError::MissingRoot { .. } | DataError::MissingFile { .. }) => {
            fetch(catalog.get(&name)?, &root, &FetchOptions::default(), &mut report)?;
            open(&selection, &root, &catalog)?
        }
        other => other?,
    };
    println!("\n{} ({split}): {} images of {:?}", images.name(), images.len(), images.shape());

    // Each image once: the last batch is shorter.
    let mut batches = Batches::new(images.len(), 1_000, Key::new(1))?.with_last(Last::Short);
    let mut sum = 0.0;
    for iteration in 0..batches.per_epoch() {
        let batch = images.batch(&batches.indices(iteration), &Device::flex());
        sum += f64::from(batch.clone().mean().into_scalar::<f32>()) * batch.dims()[0] as f64;
    }
    println!("mean of all pixels: {:+.4}", sum / images.len() as f64);
    Ok(())
}

fn report(progress: Progress<'_>) {
    match progress {
        Progress::Started { url, .. } => println!("{url}"),
        Progress::Finished { path, .. } => println!("{}", path.display()),
        _ => {}
    }
}
