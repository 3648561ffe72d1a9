//! Advice that names this program's commands and flags, for errors of libraries that know neither.

use ebm::data::DataError;

/// Returns the continuation of an error's message that says what a user can do about it.
fn advice(error: &DataError) -> Option<String> {
    Some(match error {
        DataError::NoDataRoot => ": name one with --data-dir or EBM_DATA".into(),
        DataError::MissingRoot { dataset, .. } => format!(
            ": run `ebm data fetch {dataset}`, or name another folder with --data-dir or EBM_DATA"
        ),
        DataError::MissingFile { dataset, file, directory, .. } => format!(
            ": run `ebm data fetch {dataset}`, or put {file} or {file}.gz into {}",
            directory.display()
        ),
        DataError::WrongFile { dataset, .. } | DataError::WrongTarball { dataset, .. } => {
            format!("; delete it and run `ebm data fetch {dataset}`")
        }
        DataError::Offline { dataset, .. } => {
            format!(", or run `ebm data fetch {dataset}` without --offline")
        }
        DataError::NoSide { .. } => ": set it, as in data.side = 64".into(),
        _ => return None,
    })
}

/// Returns a message with the advice on its cause.
pub(crate) fn with_advice(message: String, cause: Option<&DataError>) -> String {
    message + &cause.and_then(advice).unwrap_or_default()
}
