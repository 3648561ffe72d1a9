//! A student from outside of the crate, as the example shows it: in the trainer, in recipes and in
//! checkpoints.

#[path = "../examples/own_student.rs"]
mod example;

use ebm_teaching::{Part, Recipe, RecipeError};

use example::{RECIPE, main, students};

#[test]
fn the_example_runs() {
    main().expect("it trains, is saved and goes on");
}

#[test]
fn its_recipe_is_read_with_its_registry_only() {
    let students = students();
    let recipe = Recipe::from_toml_with(RECIPE, "test", &students).expect("valid");
    assert_eq!(recipe.student.kind(), "noisy-data");
    let text = recipe.to_toml().expect("serialises");
    assert_eq!(Recipe::from_toml_with(&text, "test", &students).expect("valid"), recipe);
    assert!(students.having(Part::Energy).contains(&"noisy-data"));
    assert!(!students.having(Part::Decoder).contains(&"noisy-data"));

    let error = Recipe::from_toml(RECIPE, "test").expect_err("not registered").to_string();
    let expected = "student.kind is \"noisy-data\"; it must be one of variational, generator, noise, \
                    replay, data, vae-on-data";
    assert!(error.contains(expected), "{error}");
}

#[test]
fn its_keys_are_checked_as_those_of_a_built_in_student() {
    let refused =
        |text: &str| Recipe::from_toml_with(text, "test", &students()).map(drop).expect_err(text);
    let error = refused(&format!("{RECIPE}buffer = 5\n"));
    assert!(matches!(error, RecipeError::ForeignKey { .. }), "{error}");
    let expected =
        "student.buffer does not belong to student.kind = \"noisy-data\", whose keys are noise";
    assert_eq!(error.to_string(), expected);
    let error = refused(&RECIPE.replace("noise = 0.3", "noise = -1.0")).to_string();
    assert!(error.starts_with("student.noise is -1"), "{error}");
    let error = refused(&RECIPE.replace("noise = 0.3\n", "")).to_string();
    assert!(error.contains("missing field `noise`"), "{error}");
}
