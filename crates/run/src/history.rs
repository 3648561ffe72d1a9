//! The records that a run's folder holds already, for a run that goes on in it.

use std::fs;
use std::path::{Path, PathBuf};

use ebm::teaching::StepMetrics;
use ebm_files::write_file;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::record::{GuardRecord, RunInfo, SampleMetrics};
use crate::{Result, RunError};

/// The records of the iterations before a checkpoint.
#[derive(Debug, Default)]
pub(crate) struct History {
    pub(crate) metrics: Vec<StepMetrics>,
    pub(crate) samples: Vec<SampleMetrics>,
    pub(crate) guard: Vec<GuardRecord>,
    pub(crate) info: Option<RunInfo>,
}

impl History {
    /// Reads the records of a folder up to the checkpoint of an iteration. Later ones, which a run
    /// leaves that was killed between two checkpoints, move to `metrics.before-resume-N.jsonl` and
    /// so on: the run makes these iterations again. Measures of its end move as well.
    ///
    /// # Errors
    /// [`RunError::Read`] and [`RunError::Write`].
    pub(crate) fn up_to(folder: &Path, iteration: u64) -> Result<Self> {
        let info = folder.join("run.json");
        let info = match info.exists() {
            true => {
                let text = fs::read(&info).map_err(RunError::reading(&info))?;
                Some(serde_json::from_slice(&text).map_err(RunError::reading(&info))?)
            }
            false => None,
        };
        // An iteration is counted from 0, samples by the number of iterations made.
        let metrics = records(folder, "metrics", iteration, |number| number < iteration)?;
        let samples = records(folder, "samples", iteration, |number| number <= iteration)?;
        let guard = records(folder, "guard", iteration, |number| number <= iteration)?;
        let measures = folder.join("final.jsonl");
        if measures.exists() {
            let former = aside(folder, "final", iteration, "jsonl");
            fs::rename(&measures, &former).map_err(RunError::writing(&former))?;
        }
        let metrics = in_order(metrics, |metrics: &StepMetrics| metrics.iteration);
        let samples = in_order(samples, |samples: &SampleMetrics| samples.iteration);
        Ok(Self { metrics, samples, guard, info })
    }
}

/// Leaves out the records of iterations that a roll-back made again, as the curves of the run do.
fn in_order<T>(records: Vec<T>, iteration: fn(&T) -> u64) -> Vec<T> {
    let mut kept: Vec<T> = Vec::with_capacity(records.len());
    for record in records {
        while kept.last().is_some_and(|last| iteration(last) >= iteration(&record)) {
            kept.pop();
        }
        kept.push(record);
    }
    kept
}

/// Puts the recipe of a run that goes on with another one in place of `recipe.toml`, which moves to
/// `recipe.before-resume-N.toml`.
pub(crate) fn replace_recipe(folder: &Path, iteration: u64, recipe: &str) -> Result<()> {
    let path = folder.join("recipe.toml");
    match fs::read_to_string(&path) {
        Ok(text) if text == recipe => return Ok(()),
        Ok(text) => write_file(&aside(folder, "recipe", iteration, "toml"), text.as_bytes())?,
        Err(_) => {}
    }
    Ok(write_file(&path, recipe.as_bytes())?)
}

/// The part of a record that tells where it belongs.
#[derive(Deserialize)]
struct Place {
    iteration: u64,
}

/// Reads the lines of `NAME.jsonl` whose iteration is to be kept, and moves the others aside, with
/// the part of a line that the last moment of a killed run may have left.
fn records<T: DeserializeOwned>(
    folder: &Path,
    name: &str,
    iteration: u64,
    keep: impl Fn(u64) -> bool,
) -> Result<Vec<T>> {
    let path = folder.join(format!("{name}.jsonl"));
    if !path.exists() {
        return Ok(Vec::new());
    }
    let text = fs::read(&path).map_err(RunError::reading(&path))?;
    let lines = text.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
    let (kept, moved): (Vec<_>, Vec<_>) = lines.partition(|line| {
        serde_json::from_slice(line).is_ok_and(|Place { iteration }| keep(iteration))
    });
    let joined = |lines: &[&[u8]]| [lines.join(&b'\n'), b"\n".to_vec()].concat();
    if !moved.is_empty() {
        write_file(&aside(folder, name, iteration, "jsonl"), &joined(&moved))?;
        write_file(&path, &if kept.is_empty() { Vec::new() } else { joined(&kept) })?;
    }
    // A record of an earlier version may lack a field; it stays in the file.
    Ok(kept.into_iter().filter_map(|line| serde_json::from_slice(line).ok()).collect())
}

/// Returns a free path for what a run had before it went on from an iteration.
fn aside(folder: &Path, name: &str, iteration: u64, extension: &str) -> PathBuf {
    let path = |number: u64| {
        let again = if number > 1 { format!("-{number}") } else { String::new() };
        folder.join(format!("{name}.before-resume-{iteration:07}{again}.{extension}"))
    };
    let mut number = 1;
    while path(number).exists() {
        number += 1;
    }
    path(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn later_lines_and_a_torn_one_move_aside() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let folder = folder.path();
        let line = |i: u64| {
            format!(
                "{{\"iteration\":{i},\"epoch\":0,\"displacement\":1.5,\"displacement_squared\":2.0}}\n"
            )
        };
        let text: String = (0..5).map(line).collect();
        let path = folder.join("metrics.jsonl");
        fs::write(&path, format!("{text}{{\"iterat")).expect("writable");
        for (iteration, left) in [(3, 3), (3, 3), (2, 2), (0, 0)] {
            let history = History::up_to(folder, iteration).expect("readable");
            assert_eq!(history.metrics.len(), left);
            let text = fs::read_to_string(&path).expect("text");
            assert_eq!(text, (0..left as u64).map(line).collect::<String>());
            // A second run from there leaves its own remains.
            if iteration == 2 {
                fs::write(&path, [text, line(2)].concat()).expect("writable");
                History::up_to(folder, 2).expect("readable");
            }
        }
        let read = |name: &str| fs::read_to_string(folder.join(name)).expect(name);
        let torn = [line(3), line(4), "{\"iterat\n".into()].concat();
        assert_eq!(read("metrics.before-resume-0000003.jsonl"), torn);
        assert_eq!(read("metrics.before-resume-0000002.jsonl"), line(2));
        assert_eq!(read("metrics.before-resume-0000002-2.jsonl"), line(2));
        assert!(!folder.join("metrics.before-resume-0000003-2.jsonl").exists());
    }

    #[test]
    fn iterations_that_were_made_again_count_once() {
        let records = vec![0, 1, 2, 3, 1, 2, 3, 4];
        assert_eq!(in_order(records, |number| *number), [0, 1, 2, 3, 4]);
    }

    #[test]
    fn a_changed_recipe_keeps_the_former_one() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let folder = folder.path();
        for (recipe, former) in [("a = 1", 0), ("a = 1", 0), ("a = 2", 1), ("a = 3", 2)] {
            replace_recipe(folder, 7, recipe).expect("writable");
            let text = fs::read_to_string(folder.join("recipe.toml")).expect("text");
            assert_eq!(text, recipe);
            let files = fs::read_dir(folder).expect("readable").count();
            assert_eq!(files, former + 1);
        }
        let first = fs::read_to_string(folder.join("recipe.before-resume-0000007.toml"));
        assert_eq!(first.expect("text"), "a = 1");
    }
}
