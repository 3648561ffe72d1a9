//! Lines of comma-separated fields (RFC 4180, with line feeds).

/// Joins fields with commas and ends the line; a field that holds a comma, a quotation mark or a
/// line break is quoted.
///
/// ```
/// assert_eq!(ebm_files::csv::line(["mnist", "a, b", "3"]), "mnist,\"a, b\",3\n");
/// ```
pub fn line<S: AsRef<str>>(fields: impl IntoIterator<Item = S>) -> String {
    let field = |field: S| {
        let field = field.as_ref();
        if field.contains([',', '"', '\n', '\r']) { quoted(field) } else { field.to_owned() }
    };
    fields.into_iter().map(field).collect::<Vec<_>>().join(",") + "\n"
}

/// Quotes a field; quotation marks in it are doubled.
///
/// ```
/// assert_eq!(ebm_files::csv::quoted("a \"b\""), r#""a ""b""""#);
/// ```
pub fn quoted(field: &str) -> String {
    format!("\"{}\"", field.replace('"', "\"\""))
}
