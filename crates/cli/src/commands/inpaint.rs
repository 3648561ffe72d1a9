//! `ebm inpaint`: hides a part of images and fills it again, in the three ways of the released code.

mod mask;

use anyhow::{Result, bail};
use burn::tensor::Tensor;
use clap::{Args, ValueEnum};

use self::mask::{Hidden, Mask};
use super::reconstruct::Fidelity;
use super::task::{self, COUNTS, DataArguments, Refinement, STEPS, Task, within};

/// Streams of random numbers.
const ENCODER: u64 = 0;
const CODES: u64 = 1;
const LATENT: u64 = 2;
const LANGEVIN: u64 = 3;

#[derive(Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    task: task::Arguments,
    /// Images, spread evenly over the data set.
    #[arg(long, default_value = "32", value_parser = within(COUNTS))]
    count: usize,
    /// What is hidden: a half, or the square in the middle.
    #[arg(long, value_enum, default_value_t = Mask::Bottom)]
    mask: Mask,
    /// Where Langevin starts from.
    #[arg(long, value_enum, default_value_t = Choice::All)]
    way: Choice,
    /// Langevin steps of latent codes.
    #[arg(long, default_value = "200", value_parser = within(STEPS))]
    latent_steps: usize,
    #[command(flatten)]
    refinement: Refinement,
    #[command(flatten)]
    data: DataArguments,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Choice {
    /// What a code of the masked image decodes to
    Encode,
    /// The masked image itself
    Langevin,
    /// What a code that Langevin steps on p(z|visible pixels) found decodes to
    Latent,
    /// Each of them
    All,
}

const WAYS: [(Choice, &str); 3] =
    [(Choice::Encode, "encode"), (Choice::Langevin, "langevin"), (Choice::Latent, "latent")];

pub(crate) fn run(arguments: Arguments) -> Result<()> {
    let task = Task::open(arguments.task, "inpaint")?;
    task.unconditional("runs that learned to complete images do it by `ebm complete`")?;
    let side = task.trainer.image().side;
    let Some(hidden) = arguments.mask.hidden(side) else {
        bail!("images of one pixel, as this run's, have no part that could be hidden");
    };
    let examples = task.examples(&arguments.data)?;
    let (indices, data) = examples.spread(arguments.count, task.trainer.device());
    // Hidden pixels are grey.
    let masked = hidden.paste(data.zeros_like(), &data);
    let mut columns = vec![("data", data.clone()), ("masked", masked.clone())];
    for (way, name) in WAYS {
        if !matches!(arguments.way, Choice::All) && arguments.way != way {
            continue;
        }
        let start = start(&task, way, &masked, &hidden, arguments.latent_steps)?;
        let key = task.key.fold(LANGEVIN).fold(way as u64);
        let filled = task.refine(&start, None, &arguments.refinement, key)?.unwrap_or(start);
        columns.push((name, hidden.paste(filled, &data)));
    }

    let frames: Vec<_> = columns.iter().map(|(_, images)| images.clone()).collect();
    task.out.strip("inpaint", &frames)?;
    for (name, images) in &columns {
        task.out.array(name, images)?;
    }
    let mut fidelity = Fidelity::new(examples.to_string(), indices);
    for (name, images) in columns.into_iter().skip(1) {
        fidelity.add(name, hidden.of(images), hidden.of(data.clone()))?;
    }
    task.out.json("psnr", &fidelity)
}

/// Where the Langevin steps on U start, `[batch, channels, height, width]`.
fn start(
    task: &Task,
    way: Choice,
    masked: &Tensor<4>,
    hidden: &Hidden,
    latent_steps: usize,
) -> Result<Tensor<4>> {
    let (trainer, key) = (&task.trainer, task.key);
    match way {
        Choice::Encode => {
            let vae = trainer.encoder()?;
            let posterior = vae.encode(masked.clone(), None, key.fold(ENCODER));
            Ok(vae.decode(posterior.sample(key.fold(CODES)), None))
        }
        Choice::Latent => {
            let seen = hidden.paste(masked.zeros_like(), &masked.ones_like());
            let codes = trainer.infer(masked.clone(), seen, latent_steps, key.fold(LATENT))?;
            Ok(trainer.decoder()?.decode(codes, None))
        }
        Choice::Langevin | Choice::All => {
            if !task.refines() {
                bail!("this run has no energy: only --way encode and --way latent fill its images");
            }
            Ok(masked.clone())
        }
    }
}
