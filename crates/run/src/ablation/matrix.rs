//! The runs of an ablation.

use std::fmt;
use std::num::NonZeroUsize;
use std::path::Path;

use ebm::teaching::{Recipe, StudentRecipe};
use serde::Deserialize;

use crate::error::unsuitable;
use crate::{Result, RunError};

const EMBEDDED: &str = include_str!("../../matrices/ablations.toml");

/// A matrix of runs: every case on every base with every seed.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Matrix {
    seeds: Vec<u64>,
    bases: Vec<Base>,
    cases: Vec<Case>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Base {
    recipe: String,
    /// The name in the table; that of the recipe by default. Two bases of one recipe need different
    /// names.
    name: Option<String>,
    #[serde(default)]
    settings: Vec<String>,
    #[serde(default)]
    completion: Completions,
}

impl Base {
    fn name(&self) -> &str {
        self.name.as_deref().unwrap_or(&self.recipe)
    }
}

/// The number of completions for a run that learned to complete images.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Completions {
    /// The number of images. A Fréchet distance needs more of them than there are features.
    pub(super) images: NonZeroUsize,
    /// The number of completions of each image.
    pub(super) times: NonZeroUsize,
}

impl Default for Completions {
    fn default() -> Self {
        let [images, times] = [200, 4].map(|n| NonZeroUsize::MIN.saturating_add(n - 1));
        Self { images, times }
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    name: String,
    #[serde(default)]
    settings: Vec<String>,
    /// A factor of the base's weight of the KL term.
    kl_weight_factor: Option<f64>,
}

/// One run.
#[derive(Clone, Debug)]
pub(super) struct Job {
    pub(super) number: usize,
    pub(super) base: String,
    pub(super) case: String,
    pub(super) recipe: Recipe,
    pub(super) completion: Completions,
}

impl Matrix {
    /// Returns the built-in matrix: the recipes of two densities and of digits with every student.
    ///
    /// # Errors
    /// [`RunError::Unsuitable`] if the program was built with an invalid one.
    pub fn embedded() -> Result<Self> {
        Self::parse(EMBEDDED, "that is built in")
    }

    /// Reads a matrix from a TOML file with `seeds`, `[[bases]]` and `[[cases]]`.
    ///
    /// # Errors
    /// [`RunError::Read`], and [`RunError::Unsuitable`] for a file that is not a matrix.
    pub fn open(path: &Path) -> Result<Self> {
        let text = std::fs::read_to_string(path).map_err(RunError::reading(path))?;
        Self::parse(&text, &path.display().to_string())
    }

    fn parse(text: &str, origin: &str) -> Result<Self> {
        match toml::from_str(text) {
            Ok(matrix) => Ok(matrix),
            Err(error) => unsuitable!("the matrix {origin} is not valid: {error}"),
        }
    }

    /// Returns the runs whose base or case contains one of the words of `only`; all runs if there
    /// are no words.
    pub(super) fn jobs(&self, quick: bool, only: &[String]) -> Result<Vec<Job>> {
        let wanted = |name: &str| only.is_empty() || only.iter().any(|word| name.contains(word));
        let mut jobs = Vec::new();
        let names = || self.bases.iter().map(Base::name);
        if let Some(twice) = names().find(|name| names().filter(|other| other == name).count() > 1)
        {
            unsuitable!("two bases are called {twice:?}: give one of them another name");
        }
        for base in &self.bases {
            let name = base.name();
            for case in self.cases.iter().filter(|case| wanted(&case.name) || wanted(name)) {
                for &seed in &self.seeds {
                    let settings = if quick { Vec::new() } else { base.settings.clone() };
                    let settings = [settings, case.settings.clone()].concat();
                    let mut recipe = Recipe::open(&base.recipe, quick, &settings)?;
                    recipe.seed = seed;
                    scale_kl_weight(&mut recipe.student, case.kl_weight_factor.unwrap_or(1.0));
                    recipe.validate()?;
                    let (completion, case) = (base.completion, case.name.clone());
                    let (number, base) = (jobs.len(), name.to_owned());
                    jobs.push(Job { number, base, case, recipe, completion });
                }
            }
        }
        if jobs.is_empty() {
            unsuitable!(
                "the matrix contains no run: it needs seeds, bases and cases, and the names must contain one of the words \
                 that were given, if any"
            );
        }
        Ok(jobs)
    }
}

/// Multiplies the weight of the KL term of students that have one.
fn scale_kl_weight(student: &mut StudentRecipe, factor: f64) {
    match student {
        StudentRecipe::Variational(settings) => settings.kl_weight *= factor,
        StudentRecipe::VaeOnData(settings) => settings.kl_weight *= factor,
        _ => {}
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

    /// The other matrices of the repository are valid; two bases of one name are not.
    #[test]
    fn matrices_are_read_and_names_are_distinct() {
        for text in [
            include_str!("../../matrices/completion.toml"),
            include_str!("../../matrices/plane.toml"),
        ] {
            let mut matrix: Matrix = toml::from_str(text).expect("valid");
            let jobs = matrix.jobs(false, &[]).expect("every recipe is valid");
            assert_eq!(jobs.len(), matrix.bases.len() * matrix.cases.len() * matrix.seeds.len());
            let first = matrix.bases[0].name().to_owned();
            matrix.bases[1].name = Some(first.clone());
            let error = matrix.jobs(false, &[]).expect_err("twice the same").to_string();
            assert!(error.contains(&format!("two bases are called {first:?}")), "{error}");
        }
    }

    #[test]
    fn the_embedded_matrix_is_valid_and_has_three_seeds() {
        let matrix = Matrix::embedded().expect("valid");
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
