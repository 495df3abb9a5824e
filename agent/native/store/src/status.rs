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

    /// A file that a version consists of is not there. Deep in a plan the core wraps that until only its
    /// words are left.
    pub fn is_gone(&self) -> bool {
        self.status == Status::NotFound
            || self.status == Status::Failed && self.reason.contains("Not found: ")
    }

    /// The same where trying again did not help.
    pub fn for_good(self) -> Self {
        if self.status != Status::NotFound {
            return self;
        }
        Self::new(
            Status::Failed,
            format!("a file of the table is damaged or missing: {}", self.reason),
        )
    }

    /// What the core said, in plain words.
    fn of_core(status: Status, raw: &str) -> Self {
        let reason = plain(raw);
        if status == Status::Failed && is_damage(raw) {
            return Self::new(
                status,
                format!("a file of the table is damaged or missing: {reason}"),
            );
        }
        Self::new(status, reason)
    }
}

impl From<Error> for Failure {
    fn from(e: Error) -> Self {
        let raw = describe(&e);
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
            Error::IO { .. } | Error::Timeout { .. } | Error::External { .. } => io_status(&raw),
            _ => Status::Failed,
        };
        Self::of_core(status, &raw)
    }
}

impl From<DataFusionError> for Failure {
    fn from(e: DataFusionError) -> Self {
        let raw = one_line(&e.strip_backtrace());
        let status = match e.find_root() {
            DataFusionError::External(_) | DataFusionError::ObjectStore(_) => io_status(&raw),
            DataFusionError::Execution(_) | DataFusionError::Internal(_) => Status::Failed,
            _ => Status::Invalid,
        };
        Self::of_core(status, &raw)
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

/// What the core says of a file that is cut off or not what it should be.
const DAMAGE: [&str; 11] = [
    "corrupt",
    "magic",
    "unexpected end of file",
    "decode",
    "truncated",
    "does not have sufficient data",
    "invalid range",
    "file size is too small",
    "failed to fill whole buffer",
    "invalid wire type",
    "not found: ",
];

/// An I/O error may pass (network, credentials, permission, a full disk), a damaged file does not.
fn io_status(text: &str) -> Status {
    if is_damage(text) { Status::Failed } else { Status::Unreachable }
}

fn is_damage(text: &str) -> bool {
    let lower = text.to_lowercase();
    !lower.contains("error performing ") && DAMAGE.iter().any(|word| lower.contains(word))
}

fn between<'a>(text: &'a str, start: &str, end: &str) -> Option<&'a str> {
    let rest = &text[text.find(start)? + start.len()..];
    Some(&rest[..rest.find(end)?])
}

/// The reason without the names of the layers it came through and without what an S3 server adds to
/// its own (the access key and the signed text among it).
pub fn plain(text: &str) -> String {
    if text.contains("Failed to get AWS credentials") {
        return "there are no usable AWS credentials: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, \
                or the variables of a role"
            .into();
    }
    if let Some(request) = request_failure(text) {
        return request;
    }
    let mut rest = text;
    while let Some(inner) = without_wrapper(rest) {
        rest = inner;
    }
    rest.to_string()
}

/// "LanceError(IO): Generic S3 error: …" and the like, without the first of these.
fn without_wrapper(text: &str) -> Option<&str> {
    for wrapper in ["External error: ", "Execution error: ", "Arrow error: "] {
        if let Some(inner) = text.strip_prefix(wrapper) {
            return Some(inner);
        }
    }
    let known = ["LanceError(", "Generic "].iter().any(|start| text.starts_with(start));
    let (head, inner) = text.split_once(": ")?;
    (known && (head.ends_with(')') || head.ends_with(" error"))).then_some(inner)
}

/// "Error performing GET http://… in 1.2ms, after 3 retries … - cause" in a few words.
fn request_failure(text: &str) -> Option<String> {
    let at = text.rfind("Error performing ")?;
    let (request, outcome) = text[at + "Error performing ".len()..].split_once(" - ")?;
    let request = request.split(" in ").next()?.split('?').next()?;
    if let Some(code) = between(outcome, "<Code>", "</Code>") {
        let message = between(outcome, "<Message>", "</Message>").unwrap_or_default();
        return Some(
            format!("{request}: {code}: {message}").trim_end_matches([':', ' ']).to_string(),
        );
    }
    let cause = outcome.strip_prefix("HTTP error: ").unwrap_or(outcome);
    let cause = cause.split_once(" error: ").map_or(cause, |(_, inner)| inner);
    Some(format!("{request}: {cause}"))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_of_s3_is_its_code_and_message() {
        let text = "LanceError(IO): Generic S3 error: Error performing list request: Error performing GET \
            http://h:1/b?prefix=a in 1ms - Server returned non-2xx status code: 403 Forbidden: \
            <Error><Code>SignatureDoesNotMatch</Code><Message>Check your key.</Message>\
            <AWSAccessKeyId>AKIA</AWSAccessKeyId></Error>";
        assert_eq!(plain(text), "GET http://h:1/b: SignatureDoesNotMatch: Check your key.");
        assert_eq!(io_status(text), Status::Unreachable);
    }

    #[test]
    fn a_server_that_is_gone_is_named_with_the_cause() {
        let text = "LanceError(IO): Generic S3 error: Error performing GET http://h:1/b?x in 4ms, after 3 \
            retries, max_retries: 3, retry_timeout: 30s - HTTP error: error sending request client error \
            (Connect): tcp connect error: Connection refused (os error 111)";
        assert_eq!(plain(text), "GET http://h:1/b: Connection refused (os error 111)");
    }

    #[test]
    fn layers_are_left_out_and_the_cause_stays() {
        assert_eq!(
            plain(
                "External error: LanceError(IO): Generic LocalFileSystem error: failed to fill whole buffer"
            ),
            "failed to fill whole buffer"
        );
        assert_eq!(plain("SQL error: near ): oops"), "SQL error: near ): oops");
    }

    #[test]
    fn a_file_cut_short_is_damage_and_a_full_disk_is_not() {
        assert_eq!(io_status("LanceError(IO): file size is too small"), Status::Failed);
        assert_eq!(
            io_status("LanceError(IO): No space left on device (os error 28)"),
            Status::Unreachable
        );
    }
}
