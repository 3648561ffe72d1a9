use std::path::{Path, PathBuf};

use super::modules::Sources;
use super::{circles, comments, components};

/// Returns the circles of a crate of these files.
fn of(files: &[(&str, &str)]) -> Vec<String> {
    let mut files: Vec<(PathBuf, String)> =
        files.iter().map(|(path, text)| (PathBuf::from(path), (*text).to_owned())).collect();
    files.sort();
    circles(Path::new(""), &Sources::new(Path::new("lib.rs"), &files))
}

#[test]
fn two_files_that_use_each_other_are_named() {
    let found = of(&[
        ("lib.rs", "mod a; mod b; pub use a::A;"),
        ("a.rs", "use crate::b::B;"),
        ("b.rs", "use crate::A;"),
    ]);
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(found[0].starts_with("files that import each other: a.rs, b.rs"), "{}", found[0]);
    assert!(found[0].contains("b.rs uses crate::A of a.rs"), "{}", found[0]);
}

#[test]
fn circles_are_found_through_paths_groups_and_renames() {
    for back in [
        "fn f() { crate::a::g() }",
        "fn f() { super::a::g() }",
        "use crate::{c, a::{self, g as h}};",
        "use super::a as other;",
        "use crate::prelude::g;",
        "mod inner { use super::super::a::g; }",
    ] {
        let found = of(&[
            ("lib.rs", "mod a; mod b; mod prelude;"),
            ("prelude.rs", "pub use crate::a::*;"),
            ("a.rs", "pub fn g() { crate::b::f() }"),
            ("b.rs", back),
        ]);
        assert_eq!(found.len(), 1, "{back}: {found:?}");
    }
}

#[test]
fn one_way_and_reexports_of_children_are_fine() {
    let found = of(&[
        ("lib.rs", "mod a; mod b; pub use a::{A, B}; pub use b::*;"),
        ("a.rs", "mod c; pub(crate) use self::c::C; pub struct A;"),
        ("a/c.rs", "use super::A; use crate::B; //! [`crate::b::f`]\npub struct C;"),
        ("b.rs", r#"pub struct B; const S: &str = "crate::a::A"; // crate::a::A"#),
    ]);
    assert_eq!(found, Vec::<String>::new());
    // Without `pub` the parent uses what uses it.
    let found = of(&[("lib.rs", "mod a; use a::A; struct B;"), ("a.rs", "use crate::B;")]);
    assert_eq!(found.len(), 1);
}

#[test]
fn tests_are_not_looked_at() {
    let found = of(&[
        ("lib.rs", "mod a; mod b;"),
        (
            "a.rs",
            "use crate::b::f; #[cfg(test)] mod tests { use super::*; fn t() { let c = '{'; } }",
        ),
        ("b.rs", "#[cfg(test)]\nmod tests;\n#[cfg(test)]\nuse crate::a::A;\npub fn f() {}"),
        ("b/tests.rs", "use crate::a::A;"),
    ]);
    assert_eq!(found, Vec::<String>::new());
}

#[test]
fn components_of_a_small_graph() {
    // 0 → 1 → 2 → 0, 2 → 3 → 4 → 3, 5 alone.
    let targets = [vec![1], vec![2], vec![0, 3], vec![4], vec![3], vec![5]];
    let found = components::circles(6, |node| targets[node].clone());
    assert_eq!(found, [vec![0, 1, 2], vec![3, 4]]);
}

#[test]
fn comments_that_could_be_wrapped_are_reported() {
    let long = "word ".repeat(20);
    assert_eq!(comments::wide(&format!("/// ok\n    //! {long}\n")), [(2, 108)]);
    let fine = [
        format!("/// | {long}|"),
        format!("/// {}", "x".repeat(200)),
        format!("/// [a link]: https://{}", "x".repeat(100)),
        format!("let x = \"{long}\";"),
    ];
    assert_eq!(comments::wide(&fine.join("\n")), []);
}
