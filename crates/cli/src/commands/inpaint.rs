//! `ebm inpaint`: hides part of images and fills it again, by the three methods of the released
//! code.

use anyhow::Result;
use clap::{Args, ValueEnum};
use ebm_run::tasks::{InpaintOptions, Mask, Method};

use super::arguments::{
    COUNTS, DataArguments, STEPS, StepArguments, TaskArguments, note_missing_energy, within,
};
use super::reconstruct::print_fidelity;

#[derive(Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    task: TaskArguments,
    /// Number of images, evenly spread over the data set.
    #[arg(long, default_value = "32", value_parser = within(COUNTS))]
    count: usize,
    /// The hidden part: a half, or the square in the middle.
    #[arg(long, value_enum, default_value_t = MaskName::Bottom)]
    mask: MaskName,
    /// The initial states of the Langevin steps.
    #[arg(long, value_enum, default_value_t = Way::All)]
    way: Way,
    /// Langevin steps of latent codes.
    #[arg(long, default_value = "200", value_parser = within(STEPS))]
    latent_steps: usize,
    #[command(flatten)]
    refinement: StepArguments,
    #[command(flatten)]
    data: DataArguments,
}

#[derive(Clone, Copy, ValueEnum)]
enum MaskName {
    Bottom,
    Top,
    Left,
    Right,
    Centre,
}

impl From<MaskName> for Mask {
    fn from(name: MaskName) -> Self {
        match name {
            MaskName::Bottom => Self::Bottom,
            MaskName::Top => Self::Top,
            MaskName::Left => Self::Left,
            MaskName::Right => Self::Right,
            MaskName::Centre => Self::Centre,
        }
    }
}

#[derive(Clone, Copy, ValueEnum)]
enum Way {
    /// The decoded code of the masked image
    Encode,
    /// The masked image itself
    Langevin,
    /// The decoded code that Langevin steps on p(z|visible pixels) find
    Latent,
    /// Each of them
    All,
}

pub(crate) fn run(arguments: Arguments) -> Result<()> {
    let (run, mut out) = arguments.task.open("inpaint")?;
    note_missing_energy(&run);
    let mut options = InpaintOptions::new(arguments.count);
    options.mask = arguments.mask.into();
    options.methods = match arguments.way {
        Way::Encode => vec![Method::Encode],
        Way::Langevin => vec![Method::Langevin],
        Way::Latent => vec![Method::Latent],
        Way::All => Method::ALL.to_vec(),
    };
    options.latent_steps = arguments.latent_steps;
    options.steps = arguments.refinement.steps;
    options.data = arguments.data.choice();
    let inpainting = run.inpaint(&options)?;
    inpainting.write(&mut out)?;
    let names = inpainting.columns.iter().skip(1).map(|(name, _)| *name);
    print_fidelity(&inpainting.fidelity, names)
}
