//! Langevin steps and teaching iterations on the CPU, relative to the machine's peak and, where
//! they are given, to PyTorch programs that do the same work.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::measure::{bench, machine, median, number, peer, words};

/// The measurements to take.
pub(crate) struct Plan {
    /// A folder with `langevin_conv.py` and `vmt_step.py`.
    pub(crate) peers: Option<PathBuf>,
    /// Rounds; medians over them are reported.
    pub(crate) rounds: usize,
    /// The paper's CIFAR-10 iteration as well: minutes.
    pub(crate) full: bool,
}

/// The numbers of chains of the steps that are measured, for both networks, and of steps of a
/// chain.
const STEPS: [[usize; 2]; 4] = [[64, 10], [250, 3], [400, 3], [900, 2]];
/// The iterations that are measured: network, batch, chains, steps.
const ITERATIONS: [(&str, usize, usize, usize); 3] =
    [("mnist", 100, 100, 15), ("mnist", 400, 400, 50), ("cifar", 64, 64, 15)];
const FULL: (&str, usize, usize, usize) = ("cifar", 250, 900, 15);

/// The medians over rounds, of both sides and of their ratio.
#[derive(Default)]
struct Rounds {
    ours: Vec<Value>,
    peer: Vec<f64>,
}

pub(crate) fn run(plan: &Plan) -> Result<String> {
    let machine = ours(&["machine"])?;
    let mut text = heading(plan, &machine)?;
    let mut measured: BTreeMap<String, Rounds> = BTreeMap::new();
    let mut iterations = ITERATIONS.to_vec();
    iterations.extend(plan.full.then_some(FULL));
    for round in 1..=plan.rounds {
        eprintln!("compare: round {round} of {}", plan.rounds);
        for [chains, steps] in STEPS {
            for net in ["mnist", "cifar"] {
                let arguments = format!("step {net} --chains {chains} --steps {steps} --rounds 3");
                let entry = measured.entry(format!("{net} {chains:>4}")).or_default();
                entry.ours.push(ours(&words(&arguments))?);
            }
            if let Some(peers) = &plan.peers {
                let arguments = format!("--batches {chains} --steps {steps} --rounds 3");
                for line in peer(peers, "langevin_conv.py", &arguments)? {
                    let name = text_of(&line, "case");
                    let Some(net) = ["mnist", "cifar"].into_iter().find(|net| name.contains(net))
                    else {
                        continue;
                    };
                    let entry = measured.entry(format!("{net} {chains:>4}")).or_default();
                    entry.peer.push(number(&line, "ms_per_step")?);
                }
            }
        }
        for (net, batch, chains, steps) in &iterations {
            let entry = measured.entry(iteration_name(net, *batch, *chains, *steps)).or_default();
            let rounds = if *chains > 100 { 1 } else { 5 };
            entry.ours.push(ours(&words(&format!(
                "iteration {net} --batch {batch} --chains {chains} --steps {steps} --rounds {rounds}"
            )))?);
            if let Some(peers) = &plan.peers {
                let arguments = format!(
                    "--net {net} --batch {batch} --chains {chains} --k {steps} --rounds {rounds}"
                );
                for line in peer(peers, "vmt_step.py", &arguments)? {
                    entry.peer.push(number(&line, "median_ms")?);
                }
            }
        }
    }
    steps_table(&mut text, &measured, &machine)?;
    iterations_table(&mut text, &measured)?;
    scaling(&mut text)?;
    Ok(text)
}

fn heading(plan: &Plan, machine: &Value) -> Result<String> {
    let cpu = self::machine();
    let mut text = String::from("# The score path on the CPU\n\n");
    let mut command = format!("cargo xtask bench score --rounds {}", plan.rounds);
    if plan.full {
        command += " --full";
    }
    if let Some(peers) = &plan.peers {
        command += " --peers DIR";
        let torch = Command::new("python3")
            .args(["-c", "import torch; print(torch.__version__)"])
            .output()
            .context("cannot start python3")?;
        if !torch.status.success() {
            bail!("the programs in {} need PyTorch (pip install torch)", peers.display());
        }
        let torch = String::from_utf8_lossy(&torch.stdout).trim().to_owned();
        writeln!(
            text,
            "PyTorch {torch} does the same work alternately with ours; ratios are its time over ours.\n"
        )?;
    }
    let rustc = Command::new("rustc").arg("--version").output().context("cannot start rustc")?;
    writeln!(text, "- command: `{command}`")?;
    writeln!(text, "- machine: {cpu}, {} threads", machine["threads"])?;
    writeln!(
        text,
        "- measured peak: {:.0} GFLOP/s in single precision ({} lanes), {:.0} GB/s (triad)",
        number(machine, "peak_gflops")?,
        machine["lanes"],
        number(machine, "bandwidth_gb_s")?
    )?;
    writeln!(text, "- {}, Burn 0.22.1 (flex)", String::from_utf8_lossy(&rustc.stdout).trim())?;
    Ok(text)
}

fn steps_table(
    text: &mut String,
    measured: &BTreeMap<String, Rounds>,
    machine: &Value,
) -> Result<()> {
    let peak = number(machine, "peak_gflops")?;
    text.push_str(
        "\n## A Langevin step (noise on, reference term on; the preparation of the chain included)\n\n\
         Milliseconds, medians over rounds. \"done\" counts the multiply-adds that are left after Winograd's \
         transforms, as GFLOP/s and as a share of the measured peak; \"defined\" counts those of the network.\n\n\
         | network, chains | ms | PyTorch ms | ratio (each round) | forward | input gradient | noise | prepare, once | \
         done GFLOP/s | of peak | defined GFLOP/s | peak MiB |\n|---|---|---|---|---|---|---|---|---|---|---|---|\n",
    );
    for (name, round) in measured.iter().filter(|(name, _)| !name.contains('/')) {
        let part =
            |name: &str| median(round.ours.iter().map(|line| number(&line["parts_ms"], name)));
        let done = median(round.ours.iter().map(|line| number(line, "done_gflops")))?;
        writeln!(
            text,
            "| {name} | {} | {:.1} | {:.1} | {:.1} | {:.1} | {done:.0} | {:.0} % | {:.0} | {} |",
            compared(round, "ms_per_step")?,
            part("forward")?,
            part("input gradient")?,
            part("noise")?,
            part("prepare, once")?,
            100.0 * done / peak,
            median(round.ours.iter().map(|line| number(line, "defined_gflops")))?,
            round.ours[0]["peak_mib"],
        )?;
    }
    Ok(())
}

fn iterations_table(text: &mut String, measured: &BTreeMap<String, Rounds>) -> Result<()> {
    text.push_str(
        "\n## An iteration of Algorithm 1\n\nMilliseconds, medians over rounds; the gradients of the EBM's step and of the \
         VAE's are computed in parallel.\n\n\
         | network, batch / chains / steps | ms | PyTorch ms | ratio (each round) | decode | chain | EBM step | \
         VAE step | peak MiB |\n|---|---|---|---|---|---|---|---|---|\n",
    );
    for (name, round) in measured.iter().filter(|(name, _)| name.contains('/')) {
        let parts = |names: &[&str]| {
            median(round.ours.iter().map(|line| {
                names.iter().map(|name| number(&line["parts_ms"], name)).sum::<Result<f64>>()
            }))
        };
        writeln!(
            text,
            "| {name} | {} | {:.0} | {:.0} | {:.0} | {:.0} | {} |",
            compared(round, "ms_per_iteration")?,
            parts(&["initial_states"])?,
            parts(&["refine"])?,
            parts(&["energy_learning", "apply_to_energy"])?,
            parts(&["student_update", "apply_to_student"])?,
            round.ours[0]["peak_mib"],
        )?;
    }
    Ok(())
}

/// Writes the time against chains and against steps, with the fitted lines.
fn scaling(text: &mut String) -> Result<()> {
    text.push_str("\n## Cost against chains and steps\n\n");
    for net in ["mnist", "cifar"] {
        let mut points = Vec::new();
        for chains in [1, 16, 64, 150, 250, 400, 600, 900] {
            let arguments = format!("step {net} --chains {chains} --steps 3 --rounds 3");
            let line = ours(&words(&arguments))?;
            let parts = &line["parts_ms"];
            let ms = number(parts, "forward")? + number(parts, "input gradient")?;
            points.push([chains as f64, ms]);
        }
        writeln!(
            text,
            "- {net}, value and score against chains: {}",
            line_through(&points, "chain")
        )?;
    }
    let (mut points, mut memory) = (Vec::new(), Vec::new());
    for steps in [1, 5, 10, 20, 50] {
        let line = ours(&words(&format!("step mnist --chains 64 --steps {steps} --rounds 3")))?;
        points.push([steps as f64, number(&line, "ms_per_step")? * steps as f64]);
        memory.push(format!("{} ({steps} steps)", line["peak_mib"]));
    }
    writeln!(text, "- mnist, 64 chains, a chain against steps: {}", line_through(&points, "step"))?;
    writeln!(text, "- mnist, 64 chains, peak memory of the process in MiB: {}", memory.join(", "))?;
    Ok(())
}

/// Returns the least-squares line and the points beside it.
fn line_through(points: &[[f64; 2]], unit: &str) -> String {
    let n = points.len() as f64;
    let [mean_x, mean_y] =
        [0, 1].map(|axis| points.iter().map(|point| point[axis]).sum::<f64>() / n);
    let sum = |f: &dyn Fn(f64, f64) -> f64| -> f64 {
        points.iter().map(|&[x, y]| f(x - mean_x, y - mean_y)).sum()
    };
    let (xx, xy, yy) = (sum(&|x, _| x * x), sum(&|x, y| x * y), sum(&|_, y| y * y));
    let slope = xy / xx;
    let shown: Vec<String> = points.iter().map(|[x, y]| format!("{x}: {y:.1}")).collect();
    format!(
        "{:.1} ms + {slope:.3} ms per {unit}, R² = {:.4} ({})",
        mean_y - slope * mean_x,
        xy * xy / (xx * yy),
        shown.join(", ")
    )
}

/// Returns the cells `ms | peer's ms | ratio (of each round)`.
fn compared(round: &Rounds, field: &str) -> Result<String> {
    let ours: Vec<f64> =
        round.ours.iter().map(|line| number(line, field)).collect::<Result<_>>()?;
    let mine = median(ours.iter().map(|&ms| Ok(ms)))?;
    if round.peer.is_empty() {
        return Ok(format!("{mine:.1} | – | –"));
    }
    let ratios: Vec<f64> = round.peer.iter().zip(&ours).map(|(peer, ours)| peer / ours).collect();
    let each: Vec<String> = ratios.iter().map(|ratio| format!("{ratio:.2}")).collect();
    Ok(format!(
        "{mine:.1} | {:.1} | **{:.2}** ({})",
        median(round.peer.iter().map(|&ms| Ok(ms)))?,
        median(ratios.iter().map(|&ratio| Ok(ratio)))?,
        each.join(", ")
    ))
}

fn iteration_name(net: &str, batch: usize, chains: usize, steps: usize) -> String {
    format!("{net} {batch} / {chains} / {steps}")
}

/// Runs one measurement of ours.
fn ours(arguments: &[&str]) -> Result<Value> {
    bench("score", arguments)?.pop().context("the bench printed nothing")
}

fn text_of<'a>(line: &'a Value, field: &str) -> &'a str {
    line[field].as_str().unwrap_or_default()
}
