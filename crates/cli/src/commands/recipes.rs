//! `ebm recipes`: lists, prints and explains recipes.

use std::io::{Write, stdout};

use anyhow::Result;
use ebm::teaching::Recipe;
use serde_json::Value;

pub(crate) fn list() -> Result<()> {
    for recipe in Recipe::list()? {
        writeln!(stdout(), "{:<16} {}", recipe.name, recipe.description)?;
    }
    writeln!(stdout(), "\nEach is also available as NAME-quick, to check that everything works.")?;
    Ok(())
}

pub(crate) fn show(recipe: &str, settings: &[String]) -> Result<()> {
    write!(stdout(), "{}", Recipe::open(recipe, false, settings)?.to_toml()?)?;
    Ok(())
}

pub(crate) fn schema(json: bool) -> Result<()> {
    let schema = Recipe::schema().to_value();
    if json {
        writeln!(stdout(), "{}", serde_json::to_string_pretty(&schema)?)?;
        return Ok(());
    }
    let mut lines = Vec::new();
    keys(&schema, &schema, "", &mut lines);
    for line in lines {
        writeln!(stdout(), "{line}\n")?;
    }
    Ok(())
}

/// Collects one entry for each key below `node`, whose own key is `path`.
fn keys(root: &Value, node: &Value, path: &str, lines: &mut Vec<String>) {
    let node = followed(root, node);
    for part in ["properties", "oneOf", "anyOf"] {
        match &node[part] {
            Value::Object(properties) => {
                for (key, property) in properties {
                    let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
                    // The value that selects this variant.
                    if let Some(word) = property["const"].as_str() {
                        let meaning = node["description"].as_str().unwrap_or_default();
                        lines.push(format!("{path} = {word:?}\n    {meaning}"));
                        continue;
                    }
                    describe(root, property, &path, lines);
                    keys(root, property, &path, lines);
                }
            }
            Value::Array(variants) => {
                variants.iter().for_each(|variant| keys(root, variant, path, lines));
            }
            _ => {}
        }
    }
    if node["items"].is_object() {
        keys(root, &node["items"], &format!("{path}[]"), lines);
    }
}

/// Adds `path  type  [default]` and, below it, the description.
fn describe(root: &Value, property: &Value, path: &str, lines: &mut Vec<String>) {
    let target = followed(root, property);
    let text = |node: &Value| node["description"].as_str().map(|text| text.replace('\n', " "));
    let meaning = text(property).or_else(|| text(target)).unwrap_or_default();
    let mut line = format!("{path}  {}", kind(target));
    if let Some(default) = property.get("default") {
        line.push_str(&format!("  [default: {default}]"));
    }
    line.push_str(&format!("\n    {meaning}"));
    for variant in target["oneOf"].as_array().into_iter().flatten() {
        if let (Some(word), Some(meaning)) = (variant["const"].as_str(), text(variant)) {
            line.push_str(&format!("\n    {word:?}: {meaning}"));
        }
    }
    lines.push(line);
}

/// Returns the name of a type.
fn kind(node: &Value) -> String {
    match &node["type"] {
        Value::String(kind) if kind == "object" => "table".into(),
        Value::String(kind) => kind.clone(),
        Value::Array(kinds) => {
            let kinds: Vec<_> = kinds.iter().filter_map(Value::as_str).collect();
            if kinds.contains(&"null") {
                format!("{}, optional", kinds[0])
            } else {
                kinds.join(" or ")
            }
        }
        _ if node["oneOf"].is_array() => "one of".into(),
        _ => "table".into(),
    }
}

/// Returns the target of a reference.
fn followed<'a>(root: &'a Value, node: &'a Value) -> &'a Value {
    let target = node["$ref"].as_str().and_then(|path| root.pointer(path.strip_prefix('#')?));
    target.unwrap_or(node)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every key has a description, and no key of a recipe is missing.
    #[test]
    fn every_key_is_explained() {
        let schema = Recipe::schema().to_value();
        let mut lines = Vec::new();
        keys(&schema, &schema, "", &mut lines);
        for line in &lines {
            let (key, meaning) = line.split_once("\n    ").expect("two lines");
            assert!(meaning.len() > 5, "{key} is not explained");
        }
        for key in [
            "seed  integer",
            "chains.step_size  number",
            "chains.reference_std  number, optional",
            "student.kind = \"replay\"",
            "energy.layers[].kernel  ",
            "energy.network = \"residual\"",
            "energy.spectral_norm  boolean",
            "vae.decoder.layers[].norm  boolean",
            "optimiser.ema_decay  ",
        ] {
            assert!(lines.iter().any(|line| line.starts_with(key)), "no {key:?} in {lines:#?}");
        }
    }
}
