//! Changes of the recipe of a run that continues: which keys may change midway, and which may not.

use toml::{Table, Value};

use super::Recipe;
use crate::RecipeError;
use crate::change::RecipeChange;

impl Recipe {
    /// Returns the keys in which `other` differs.
    ///
    /// # Errors
    /// None for recipes that validate.
    pub fn changes(&self, other: &Self) -> Result<Vec<RecipeChange>, RecipeError> {
        Ok(changes(&self.to_table()?, &other.to_table()?))
    }

    /// Checks that a run of this recipe can go on with `other` from any of its checkpoints.
    ///
    /// A key may change if the next iteration with another value is as well defined by the
    /// checkpoint as with the value so far: the number of iterations, the settings of chains,
    /// optimisers, evaluation and guard, the noise of data, the weights of losses. The networks,
    /// the student and its state, the data with their order, and the random numbers may not.
    ///
    /// # Errors
    /// [`RecipeError::Fixed`], naming the first key that cannot change.
    pub fn check_change(&self, other: &Self) -> Result<(), RecipeError> {
        self.changes(other)?.into_iter().try_for_each(check)
    }
}

/// Checks the keys of `before` that have another value in `after`. Keys of `after` alone may be
/// unknown, which another error says better.
pub(super) fn check_tables(before: &Table, after: &Table) -> Result<(), RecipeError> {
    let known = changes(before, after).into_iter().filter(|change| change.before != NONE);
    known.into_iter().try_for_each(check)
}

/// Stands for the value of a key that is not there.
const NONE: &str = "none";

fn check(change: RecipeChange) -> Result<(), RecipeError> {
    match reason(&change) {
        None => Ok(()),
        Some(reason) => Err(RecipeError::Fixed { change, reason }),
    }
}

/// Returns why a run cannot go on after a change; `None` if it can. What is not known to be free is
/// fixed.
fn reason(change: &RecipeChange) -> Option<&'static str> {
    let (table, key) = change.key.split_once('.').unwrap_or(("", &change.key));
    // An average that begins midway would not be that of an unbroken run.
    if key == "ema_decay" && [&change.before, &change.after].into_iter().any(|end| end == NONE) {
        return Some(
            "averages of weights are in its checkpoints from the beginning, or not at all",
        );
    }
    match (table, key) {
        ("", "name" | "description" | "iterations") => None,
        ("", "seed") => Some("all its random numbers and the order of its data derive from it"),
        ("chains" | "optimiser" | "evaluation" | "guard", _) => None,
        ("data", "noise_std" | "noise_std_end" | "noise_decay_iterations" | "walls") => None,
        ("data", _) => Some("its epochs are passes over these data in this order"),
        ("condition", "l1_weight") => None,
        ("condition", _) => Some("its networks were built for these conditions"),
        (
            "student",
            "kl_weight"
            | "decoder_std"
            | "latent_step_size"
            | "latent_steps"
            | "ema_decay"
            | "restart"
            | "steps"
            | "pair_weight"
            | "prior.share"
            | "prior.sampling_share"
            | "prior.size"
            | "prior.kl",
        ) => None,
        ("student", _) => Some("its checkpoints hold the state of a student with this setting"),
        ("energy" | "vae", _) => Some("the weights in its checkpoints belong to these networks"),
        _ => Some("its checkpoints depend on it"),
    }
}

/// Lists what differs, first another choice of a student, a condition or a network: with it, other
/// keys come and go.
fn changes(before: &Table, after: &Table) -> Vec<RecipeChange> {
    let mut found = Vec::new();
    compare("", before, after, &mut found);
    found.sort_by_key(|change| ![".kind", ".network"].iter().any(|end| change.key.ends_with(end)));
    found
}

/// Adds the differences of two tables, whose own path is `path`, in the order of their keys.
fn compare(path: &str, before: &Table, after: &Table, found: &mut Vec<RecipeChange>) {
    let empty = Table::new();
    let new = after.keys().filter(|key| !before.contains_key(*key));
    for key in before.keys().chain(new) {
        let values = [before.get(key), after.get(key)];
        let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
        match values.map(|value| value.map_or(Some(&empty), Value::as_table)) {
            [Some(before), Some(after)] => compare(&path, before, after, found),
            _ => {
                let [before, after] = values.map(text);
                if before != after {
                    found.push(RecipeChange { key: path, before, after });
                }
            }
        }
    }
}

/// Writes a value such that equal numbers have equal texts, whether integers or not.
fn text(value: Option<&Value>) -> String {
    match value {
        None => NONE.into(),
        Some(Value::Float(number)) => number.to_string(),
        Some(value) => value.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn changed(settings: &[&str]) -> Result<Recipe, RecipeError> {
        let settings: Vec<String> = settings.iter().map(|&setting| setting.into()).collect();
        Recipe::embedded("digits")?.with_settings(&settings)
    }

    #[test]
    fn keys_that_no_checkpoint_depends_on_can_change() {
        let settings = [
            "iterations=5000",
            "chains.steps=7",
            "optimiser.energy_learning_rate=1e-5",
            "evaluation.every=3",
            "student.kl_weight=0.25",
            "data.noise_std=0.01",
            // The value that it has, as an integer.
            "vae.encoder.dropout=0",
        ];
        let (before, after) =
            (Recipe::embedded("digits").expect("it is there"), changed(&settings));
        let after = after.expect("allowed");
        assert_eq!((after.iterations, after.chains.steps), (5000, 7));
        let changes = before.changes(&after).expect("valid");
        let changes: Vec<_> = changes.iter().map(RecipeChange::to_string).collect();
        assert!(changes.contains(&"iterations: 3400 → 5000".into()), "{changes:?}");
        before.check_change(&after).expect("allowed");
        assert_eq!(before.changes(&before).expect("valid"), []);
    }

    #[test]
    fn others_are_refused_by_name_with_the_reason() {
        for (setting, reason) in [
            ("seed=7", "random numbers"),
            ("data.set=mnist", "in this order"),
            ("data.batch=7", "in this order"),
            ("student.kind=replay", "state of a student"),
            ("vae.latent=7", "weights"),
            ("energy.layers=[]", "weights"),
        ] {
            let key = setting.split_once('=').expect("key=value").0;
            let message = changed(&[setting]).expect_err(setting).to_string();
            let expected = format!("{key} cannot change from ");
            assert!(message.starts_with(&expected) && message.contains(reason), "{message}");
        }
    }

    #[test]
    fn an_added_table_and_an_average_from_the_middle_are_refused() {
        let before = Recipe::embedded("digits").expect("it is there");
        let mut after = before.clone();
        after.condition = Some(crate::ClassCondition::default().into());
        let message = before.check_change(&after).expect_err("fixed").to_string();
        assert!(message.starts_with("condition.kind cannot change from none"), "{message}");
        let mut after = before.clone();
        after.optimiser.ema_decay = match before.optimiser.ema_decay {
            Some(_) => None,
            None => Some(0.9),
        };
        let message = before.check_change(&after).expect_err("fixed").to_string();
        assert!(
            message.contains("optimiser.ema_decay") && message.contains("average"),
            "{message}"
        );
    }

    #[test]
    fn an_unknown_key_is_unknown_rather_than_fixed() {
        let message = changed(&["chains.stepz=7"]).expect_err("unknown").to_string();
        assert!(message.contains("stepz"), "{message}");
        let message = changed(&["data.sett=7"]).expect_err("unknown").to_string();
        assert!(message.contains("sett") && !message.contains("cannot change"), "{message}");
    }
}
