//! The command `ebm`.

#![allow(clippy::print_stderr, reason = "a program's messages")]

mod advice;
mod commands;

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use ebm::data::DataError;
use ebm_run::RunError;
use tracing_subscriber::EnvFilter;

/// Train and sample energy-based models by variational MCMC teaching.
#[derive(Parser)]
#[command(version, propagate_version = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Train by a recipe and write a folder with samples, plots, checkpoints and a report.
    Train(commands::train::Arguments),
    /// Run a matrix of cases, bases and seeds, and summarise it in one table.
    Ablate(commands::ablate::Arguments),
    /// Draw samples of a trained run: x₀ of its student and x_T after Langevin steps.
    Sample(commands::sample::Arguments),
    /// Show Langevin refinement step by step: a film strip and energies.
    Refine(commands::refine::Arguments),
    /// Interpolate between latent codes, random ones or those of images.
    Interpolate(commands::interpolate::Arguments),
    /// Encode data, decode and refine them.
    Reconstruct(commands::reconstruct::Arguments),
    /// Hide part of images and fill it again, with an unconditional run.
    Inpaint(commands::inpaint::Arguments),
    /// Complete images with a run that learned to complete them, several times each.
    Complete(commands::complete::Arguments),
    /// Use a class-conditional energy as a classifier: accuracy, calibration, outliers.
    Classify(commands::classify::Arguments),
    /// Estimate the normalising constant of a run's energy and the likelihood of data.
    LogZ(commands::log_z::Arguments),
    /// Compute the energies of images, and how well they separate two sets.
    Score(commands::score::Arguments),
    /// Measure samples against a data set: Fréchet and kernel distance, precision, recall and
    /// others.
    Eval(commands::eval::Arguments),
    /// Examine the health of a trained energy: its curvature and its chains, with limits and
    /// remedies.
    Doctor(commands::doctor::Arguments),
    /// List the embedded recipes, or print one.
    Recipes {
        #[command(subcommand)]
        action: Option<RecipeAction>,
    },
    /// List, download and check data sets.
    Data {
        #[command(subcommand)]
        action: commands::data::Action,
        #[command(flatten)]
        location: commands::LocationArguments,
    },
}

#[derive(Subcommand)]
enum RecipeAction {
    /// List names and descriptions (the default).
    List,
    /// Print every key of a recipe with its type and meaning.
    Schema {
        /// As a JSON Schema, for editors.
        #[arg(long)]
        json: bool,
    },
    /// Print a recipe with all its values.
    Show {
        /// An embedded recipe or the path of a .toml file.
        recipe: String,
        /// Set a value of the recipe, as in --set chains.steps=30; may be repeated.
        #[arg(long = "set", value_name = "KEY=VALUE")]
        settings: Vec<String>,
    },
}

fn main() -> ExitCode {
    let filter =
        EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("ebm=info,warn"));
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_target(false)
        .compact()
        .init();
    let result = match Cli::parse().command {
        Command::Train(arguments) => commands::train::run(arguments),
        Command::Ablate(arguments) => commands::ablate::run(arguments),
        Command::Sample(arguments) => commands::sample::run(arguments),
        Command::Refine(arguments) => commands::refine::run(arguments),
        Command::Interpolate(arguments) => commands::interpolate::run(arguments),
        Command::Reconstruct(arguments) => commands::reconstruct::run(arguments),
        Command::Inpaint(arguments) => commands::inpaint::run(arguments),
        Command::Complete(arguments) => commands::complete::run(arguments),
        Command::Classify(arguments) => commands::classify::run(arguments),
        Command::LogZ(arguments) => commands::log_z::run(arguments),
        Command::Score(arguments) => commands::score::run(arguments),
        Command::Doctor(arguments) => commands::doctor::run(arguments),
        Command::Eval(arguments) => commands::eval::run(arguments),
        Command::Recipes { action: None | Some(RecipeAction::List) } => commands::recipes::list(),
        Command::Recipes { action: Some(RecipeAction::Schema { json }) } => {
            commands::recipes::schema(json)
        }
        Command::Recipes { action: Some(RecipeAction::Show { recipe, settings }) } => {
            commands::recipes::show(&recipe, &settings)
        }
        Command::Data { action, location } => commands::data::run(action, &location),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {}", one_message(&error));
            ExitCode::FAILURE
        }
    }
}

/// Returns the chain of causes as one line, without repetition, and with advice.
fn one_message(error: &anyhow::Error) -> String {
    let causes = error.chain().skip(1).map(ToString::to_string);
    let message = causes.fold(error.to_string(), |message, cause| {
        if message.contains(&cause) { message } else { format!("{message}: {cause}") }
    });
    // A transparent error is not part of the chain itself.
    let data = error.chain().find_map(|cause| match cause.downcast_ref::<RunError>()?.root() {
        RunError::Data(data) => Some(data),
        _ => None,
    });
    let data = data.or_else(|| error.chain().find_map(|cause| cause.downcast_ref::<DataError>()));
    advice::with_advice(message, data)
}
