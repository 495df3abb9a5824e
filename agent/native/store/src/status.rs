//! Errors of the core, sorted into the few statuses of `lance_store.h`, each with one line.

use arrow::error::ArrowError;
use datafusion::error::DataFusionError;
use lance_core::Error;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(i32)]
pub enum Status {
    Ok = 0,
    Failed = 1,
    NotFound = 2,
    Unreachable = 3,
    Schema = 4,
    Conflict = 5,
    Unsupported = 6,
    Invalid = 7,
}

#[derive(Debug)]
pub struct Failure {
    pub status: Status,
    pub reason: String,
}

pub type Outcome<T> = Result<T, Failure>;

impl Failure {
    pub fn new(status: Status, reason: impl Into<String>) -> Self {
        Self { status, reason: reason.into() }
    }
}

impl From<Error> for Failure {
    fn from(e: Error) -> Self {
        let text = describe(&e);
        let status = match &e {
            Error::DatasetNotFound { .. } | Error::NotFound { .. } => Status::NotFound,
            Error::SchemaMismatch { .. } => Status::Schema,
            Error::NotSupported { .. } => Status::Unsupported,
            Error::CommitConflict { .. }
            | Error::RetryableCommitConflict { .. }
            | Error::IncompatibleTransaction { .. }
            | Error::TooMuchWriteContention { .. }
            | Error::DatasetAlreadyExists { .. } => Status::Conflict,
            Error::InvalidInput { .. } | Error::Schema { .. } => Status::Invalid,
            Error::IO { .. } | Error::Timeout { .. } | Error::External { .. } => io_status(&text),
            _ => Status::Failed,
        };
        Self::new(status, text)
    }
}

impl From<DataFusionError> for Failure {
    fn from(e: DataFusionError) -> Self {
        let text = one_line(&e.strip_backtrace());
        let status = match e.find_root() {
            DataFusionError::External(_) | DataFusionError::ObjectStore(_) => io_status(&text),
            DataFusionError::Execution(_) | DataFusionError::Internal(_) => Status::Failed,
            _ => Status::Invalid,
        };
        Self::new(status, text)
    }
}

impl From<ArrowError> for Failure {
    fn from(e: ArrowError) -> Self {
        Self::new(Status::Failed, one_line(&e.to_string()))
    }
}

impl From<parquet::errors::ParquetError> for Failure {
    fn from(e: parquet::errors::ParquetError) -> Self {
        Self::new(Status::Failed, one_line(&e.to_string()))
    }
}

/// An I/O error may pass (network, credentials, permission, a full disk), a damaged file does not.
fn io_status(text: &str) -> Status {
    let lower = text.to_lowercase();
    let damaged =
        ["corrupt", "invalid magic", "magic", "unexpected end of file", "decode", "truncated"];
    if damaged.iter().any(|word| lower.contains(word)) {
        Status::Failed
    } else {
        Status::Unreachable
    }
}

/// The innermost causes say what happened; the outer ones repeat it.
fn describe(e: &Error) -> String {
    let mut text = e.to_string();
    let mut cause = std::error::Error::source(e);
    while let Some(inner) = cause {
        let more = inner.to_string();
        if !text.contains(more.trim()) {
            text = format!("{text}: {more}");
        }
        cause = inner.source();
    }
    one_line(&text)
}

/// One line without the source locations (", /…/file.rs:12:34") that the core adds.
pub fn one_line(text: &str) -> String {
    let flat = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let mut out = String::with_capacity(flat.len());
    let mut rest = flat.as_str();
    while let Some(at) = rest.find(".rs:") {
        let start = rest[..at].rfind([' ', ',', '(']).unwrap_or(0);
        let end = at
            + 4
            + rest[at + 4..]
                .find(|c: char| !c.is_ascii_digit() && c != ':')
                .unwrap_or(rest.len() - at - 4);
        out.push_str(rest[..start].trim_end_matches([' ', ',', '(']));
        rest = rest[end..].trim_start_matches(')');
    }
    out.push_str(rest);
    out.trim().trim_end_matches([',', ':']).to_string()
}
