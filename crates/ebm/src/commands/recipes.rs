//! `ebm recipes`: lists and prints recipes.

use std::io::{Write, stdout};

use anyhow::Result;
use ebm::teaching::Recipe;

pub(crate) fn list() -> Result<()> {
    for recipe in Recipe::list()? {
        writeln!(stdout(), "{:<14} {}", recipe.name, recipe.description)?;
    }
    Ok(())
}

pub(crate) fn show(recipe: &str, settings: &[String]) -> Result<()> {
    write!(stdout(), "{}", Recipe::open(recipe, false, settings)?.to_toml()?)?;
    Ok(())
}
