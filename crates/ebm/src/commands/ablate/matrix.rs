//! Which runs there are.

use std::fmt;
use std::path::Path;

use anyhow::{Context, Result, bail};
use ebm::teaching::Recipe;
use serde::Deserialize;

const EMBEDDED: &str = include_str!("../../../ablations.toml");

/// Every case on every base with every seed.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Matrix {
    seeds: Vec<u64>,
    bases: Vec<Base>,
    cases: Vec<Case>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Base {
    recipe: String,
    #[serde(default)]
    settings: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    name: String,
    #[serde(default)]
    settings: Vec<String>,
    /// What the base's weight of the KL term is multiplied by.
    kl_weight_factor: Option<f64>,
}

/// One run.
#[derive(Clone, Debug)]
pub(super) struct Job {
    pub(super) number: usize,
    pub(super) base: String,
    pub(super) case: String,
    pub(super) recipe: Recipe,
}

impl Matrix {
    pub(super) fn open(path: Option<&Path>) -> Result<Self> {
        let Some(path) = path else { return Ok(toml::from_str(EMBEDDED)?) };
        let text = std::fs::read_to_string(path)
            .with_context(|| format!("cannot read the matrix {}", path.display()))?;
        toml::from_str(&text).with_context(|| format!("the matrix {} is not valid", path.display()))
    }

    /// The runs whose base or case contains one of the words of `only`; all without words.
    pub(super) fn jobs(&self, quick: bool, only: &[String]) -> Result<Vec<Job>> {
        let wanted = |name: &str| only.is_empty() || only.iter().any(|word| name.contains(word));
        let mut jobs = Vec::new();
        for base in &self.bases {
            for case in self.cases.iter().filter(|case| wanted(&case.name) || wanted(&base.recipe))
            {
                for &seed in &self.seeds {
                    let settings = if quick { Vec::new() } else { base.settings.clone() };
                    let settings = [settings, case.settings.clone()].concat();
                    let mut recipe = Recipe::open(&base.recipe, quick, &settings)?;
                    recipe.seed = seed;
                    recipe.student.kl_weight *= case.kl_weight_factor.unwrap_or(1.0);
                    recipe.validate()?;
                    let (base, case) = (base.recipe.clone(), case.name.clone());
                    jobs.push(Job { number: jobs.len(), base, case, recipe });
                }
            }
        }
        if jobs.is_empty() {
            bail!(
                "the matrix holds no run: it needs seeds, bases and cases, and --only a word of their names"
            );
        }
        Ok(jobs)
    }
}

impl fmt::Display for Job {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, {}, seed {}", self.base, self.case, self.recipe.seed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_embedded_matrix_is_valid_and_has_three_seeds() {
        let matrix = Matrix::open(None).expect("valid");
        for quick in [true, false] {
            let jobs = matrix.jobs(quick, &[]).expect("every recipe is valid");
            assert_eq!(jobs.len(), matrix.bases.len() * matrix.cases.len() * matrix.seeds.len());
        }
        assert!(matrix.seeds.len() >= 3);
        let one = matrix.jobs(true, &["replay".into()]).expect("some");
        assert_eq!(one.len(), matrix.bases.len() * matrix.seeds.len());
        assert!(matrix.jobs(true, &["nonsense".into()]).is_err());
    }
}
