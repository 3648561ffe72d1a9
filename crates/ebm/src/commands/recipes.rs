//! `ebm recipes`: lists and prints recipes.

use anyhow::Result;
use ebm::teaching::Recipe;

pub(crate) fn list() -> Result<()> {
    for recipe in Recipe::list()? {
        println!("{:<14} {}", recipe.name, recipe.description);
    }
    Ok(())
}

pub(crate) fn show(recipe: &str) -> Result<()> {
    print!("{}", Recipe::open(recipe)?.to_toml()?);
    Ok(())
}
