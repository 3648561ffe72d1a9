//! The width of comments.

/// The number of columns that a line may have: rustfmt's `max_width`.
pub(super) const COLUMNS: usize = 100;

/// Returns the lines, counted from 1, and the widths of comments that are too wide. Lines that
/// cannot be wrapped are accepted: rows of a table, link targets and single words.
pub(super) fn wide(text: &str) -> Vec<(usize, usize)> {
    let lines = text.lines().enumerate();
    let wide = lines.filter_map(|(index, line)| {
        let width = line.chars().count();
        let comment = line.trim_start().strip_prefix("//")?;
        let words = comment.trim_start_matches(['/', '!']).trim();
        let whole = words.starts_with('|') || words.starts_with('[') && words.contains("]: ");
        (width > COLUMNS && words.contains(' ') && !whole).then_some((index + 1, width))
    });
    wide.collect()
}
