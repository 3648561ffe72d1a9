//! Starts benchmarks and the programs beside them, and reads the numbers that they print.

use std::env;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};
use serde_json::Value;

/// Runs a benchmark of this workspace and returns the lines of JSON that it prints.
pub(crate) fn bench(name: &str, arguments: &[&str]) -> Result<Vec<Value>> {
    let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .args(["bench", "--quiet", "--workspace", "--bench", name, "--"])
        .args(arguments)
        .stderr(Stdio::inherit())
        .output()
        .context("cannot start cargo")?;
    if !output.status.success() {
        bail!("the benchmark {name} failed ({})", output.status);
    }
    lines_of_json(&output.stdout)
}

/// Returns the lines of `output` that are JSON objects.
fn lines_of_json(output: &[u8]) -> Result<Vec<Value>> {
    String::from_utf8_lossy(output)
        .lines()
        .filter(|line| line.starts_with('{'))
        .map(|line| Ok(serde_json::from_str(line)?))
        .collect()
}

/// Returns the processor's name, where the system has it.
pub(crate) fn machine() -> String {
    let cpu = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let cpu = cpu.lines().find_map(|line| line.strip_prefix("model name")).unwrap_or("unknown");
    cpu.trim_matches([' ', '\t', ':']).to_owned()
}

/// Runs a Python program on the CPU and returns the lines of JSON that it prints.
pub(crate) fn peer(folder: &Path, program: &str, arguments: &str) -> Result<Vec<Value>> {
    let threads = std::thread::available_parallelism()?.to_string();
    let output = Command::new("python3")
        .arg(folder.join(program))
        .args(["--device", "cpu", "--threads", &threads])
        .args(words(arguments))
        .output()
        .context("cannot start python3")?;
    if !output.status.success() {
        bail!("{program} failed:\n{}", String::from_utf8_lossy(&output.stderr));
    }
    lines_of_json(&output.stdout)
}

/// Returns the number in `field` of a line of JSON.
pub(crate) fn number(line: &Value, field: &str) -> Result<f64> {
    line[field].as_f64().with_context(|| format!("no number {field} in {line}"))
}

/// Returns the median; an error if there are no values.
pub(crate) fn median(values: impl Iterator<Item = Result<f64>>) -> Result<f64> {
    let mut values = values.collect::<Result<Vec<f64>>>()?;
    values.sort_by(f64::total_cmp);
    let upper = values.get(values.len() / 2).context("nothing was measured")?;
    // The mean of the two middle values of an even number.
    Ok(0.5 * (upper + values[(values.len() - 1) / 2]))
}

/// Returns the words of a command line.
pub(crate) fn words(text: &str) -> Vec<&str> {
    text.split(' ').collect()
}
