//! Opening a database, and what is in it.

use std::collections::HashMap;
use std::ffi::c_char;
use std::sync::Arc;
use std::time::Duration;

use arrow::datatypes::{DataType, Field, Fields, Schema, SchemaRef};
use arrow::record_batch::RecordBatchIterator;
use lance::Dataset;
use lance::dataset::builder::DatasetBuilder;
use lance::dataset::{WriteMode, WriteParams};
use lance::session::Session;
use lance_file::version::LanceFileVersion;
use lance_io::object_store::{ObjectStore, ObjectStoreParams, StorageOptionsAccessor};
use lance_table::io::commit::commit_handler_from_url;
use tokio::runtime::Runtime;

use crate::commit::StrictCommit;
use crate::ffi::{Reason, give_bytes, string};
use crate::status::{Failure, Outcome, Status};

pub struct LanceStore {
    uri: String,
    options: HashMap<String, String>,
    patience: Duration,
    session: Arc<Session>,
    pub runtime: Arc<Runtime>,
}

#[repr(C)]
pub struct TableInfo {
    version: u64,
    rows: u64,
    fragments: u64,
    data_bytes: u64,
    storage_version: [u8; 8],
    has_index: bool,
}

/// A table that only this process commits to through the handle beside it.
pub struct Table {
    pub dataset: Dataset,
    pub commit: Arc<StrictCommit>,
}

impl LanceStore {
    fn open(uri: &str) -> Outcome<Self> {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .map_err(|e| Failure::new(Status::Failed, format!("cannot start threads: {e}")))?;
        Ok(Self {
            uri: normalise_uri(uri)?,
            options: storage_options(uri),
            patience: patience(),
            session: Arc::new(Session::default()),
            runtime: Arc::new(runtime),
        })
    }

    pub fn table_uri(&self, table: &str) -> String {
        format!("{}/{table}.lance", self.uri)
    }

    pub fn store_params(&self) -> ObjectStoreParams {
        let accessor = (!self.options.is_empty())
            .then(|| Arc::new(StorageOptionsAccessor::with_static_options(self.options.clone())));
        ObjectStoreParams { storage_options_accessor: accessor, ..Default::default() }
    }

    /// The table's newest version. The core asks a server that accepts requests and never answers again
    /// and again, so that there is a limit to all of it together.
    pub async fn load(&self, table: &str) -> Outcome<Table> {
        tokio::time::timeout(self.patience, self.load_patiently(table))
            .await
            .unwrap_or_else(|_| Err(self.no_answer()))
    }

    fn no_answer(&self) -> Failure {
        let seconds = self.patience.as_secs_f64();
        let server = self.options.get("aws_endpoint").map_or("the server", String::as_str);
        Failure::new(Status::Unreachable, format!("{server} did not answer for {seconds} s"))
    }

    async fn load_patiently(&self, table: &str) -> Outcome<Table> {
        let uri = self.table_uri(table);
        let inner = commit_handler_from_url(&uri, &Some(self.store_params())).await?;
        let commit = Arc::new(StrictCommit::new(inner));
        let dataset = DatasetBuilder::from_uri(&uri)
            .with_storage_options(self.options.clone())
            .with_session(self.session.clone())
            .with_commit_handler(commit.clone())
            .load()
            .await
            .map_err(|e| not_found(e, table))?;
        commit.opened(dataset.manifest());
        Ok(Table { dataset, commit })
    }

    pub async fn tables(&self) -> Outcome<Vec<String>> {
        let registry = self.session.store_registry();
        let (store, path) =
            ObjectStore::from_uri_and_params(registry, &self.uri, &self.store_params()).await?;
        let listing = tokio::time::timeout(self.patience, store.read_dir(path));
        let entries = match listing.await.map_err(|_| self.no_answer())? {
            Ok(entries) => entries,
            Err(e) => match Failure::from(e) {
                missing if missing.status == Status::NotFound => Vec::new(),
                missing if missing.reason.contains("No such file") => Vec::new(),
                other => return Err(other),
            },
        };
        let mut names = Vec::new();
        for name in entries.iter().filter_map(|e| e.strip_suffix(".lance")) {
            // A folder without a version is what a writer left that was killed while it made the table.
            match self.load(name).await {
                Err(missing) if missing.status == Status::NotFound => {}
                _ => names.push(name.to_string()),
            }
        }
        names.sort();
        Ok(names)
    }

    /// The table, made where it is missing.
    pub async fn ensure(&self, table: &str, schema: SchemaRef) -> Outcome<Table> {
        let existing = match self.load(table).await {
            Err(missing) if missing.status == Status::NotFound => {
                match self.create(table, schema.clone()).await {
                    // Somebody else made it in the meantime.
                    Err(raced) if raced.status == Status::Conflict => self.load(table).await?,
                    made => return made,
                }
            }
            other => other?,
        };
        let found = Schema::from(existing.dataset.schema());
        match first_difference(schema.fields(), found.fields(), "") {
            None => Ok(existing),
            Some(difference) => Err(Failure::new(
                Status::Schema,
                format!("table {table} has another schema: {difference}"),
            )),
        }
    }

    async fn create(&self, table: &str, schema: SchemaRef) -> Outcome<Table> {
        let uri = self.table_uri(table);
        let inner = commit_handler_from_url(&uri, &Some(self.store_params())).await?;
        let commit = Arc::new(StrictCommit::new(inner));
        let params = WriteParams {
            mode: WriteMode::Create,
            // The one version that old and new clients both read and append to.
            data_storage_version: Some(LanceFileVersion::V2_1),
            enable_v2_manifest_paths: true,
            store_params: Some(self.store_params()),
            session: Some(self.session.clone()),
            commit_handler: Some(commit.clone()),
            skip_auto_cleanup: true,
            auto_cleanup: None,
            ..Default::default()
        };
        let nothing = RecordBatchIterator::new(std::iter::empty(), schema);
        commit.allow_first();
        let dataset = Dataset::write(nothing, &uri, Some(params)).await?;
        commit.allow_only(0);
        Ok(Table { dataset, commit })
    }

    async fn info(&self, table: &str) -> Outcome<TableInfo> {
        let dataset = self.load(table).await?.dataset;
        let manifest = dataset.manifest();
        let data_bytes = manifest
            .fragments
            .iter()
            .flat_map(|f| f.files.iter())
            .filter_map(|file| file.file_size_bytes.get())
            .map(|size| size.get())
            .sum();
        use lance::index::DatasetIndexExt;
        Ok(TableInfo {
            version: manifest.version,
            rows: dataset.count_rows(None).await? as u64,
            fragments: manifest.fragments.len() as u64,
            data_bytes,
            storage_version: storage_version(&dataset),
            has_index: !dataset.load_indices().await?.is_empty(),
        })
    }
}

/// "2.1", with NUL behind it.
pub fn storage_version(dataset: &Dataset) -> [u8; 8] {
    let mut text = [0u8; 8];
    let version = dataset.manifest().data_storage_format.lance_file_format().to_string();
    let len = version.len().min(7);
    text[..len].copy_from_slice(&version.as_bytes()[..len]);
    text
}

fn not_found(e: lance_core::Error, table: &str) -> Failure {
    let failure = Failure::from(e);
    if failure.status == Status::NotFound {
        return Failure::new(Status::NotFound, format!("there is no table {table}"));
    }
    // A feature flag or file version that this build does not know.
    if failure.reason.contains("feature") || failure.reason.contains("newer version") {
        return Failure::new(Status::Unsupported, failure.reason);
    }
    failure
}

/// A path, file:// or s3://bucket; without a slash at the end.
fn normalise_uri(uri: &str) -> Outcome<String> {
    let trimmed = uri.trim_end_matches('/');
    match uri.split_once("://") {
        None if uri.is_empty() => Err(Failure::new(Status::Invalid, "the database URI is empty")),
        None => Ok(if trimmed.is_empty() { "/".into() } else { trimmed.into() }),
        Some(("s3", rest)) if !rest.trim_matches('/').is_empty() => Ok(trimmed.into()),
        Some(("s3", _)) => {
            Err(Failure::new(Status::Invalid, format!("{uri} names no bucket: s3://bucket/prefix")))
        }
        Some(("file", path)) if path.starts_with('/') => Ok(trimmed.into()),
        Some((scheme, _)) => Err(Failure::new(
            Status::Invalid,
            format!(
                "unknown database scheme '{scheme}' in {uri}: use a folder, file:// or s3://bucket/prefix"
            ),
        )),
    }
}

/// How long opening a table may take: LANCE_BENCH_S3_TIMEOUT, in seconds.
fn patience() -> Duration {
    let given = std::env::var("LANCE_BENCH_S3_TIMEOUT").ok().and_then(|text| text.parse().ok());
    Duration::from_secs(given.filter(|seconds| *seconds > 0).unwrap_or(30))
}

/// The environment has the usual AWS variables, which the core reads itself; what it leaves to chance
/// is settled here: a plain-http endpoint is meant, one without a region needs none, and a server
/// that does not answer is given up on after seconds, since the spool takes the results.
fn storage_options(uri: &str) -> HashMap<String, String> {
    let mut options = HashMap::new();
    if !uri.starts_with("s3://") {
        return options;
    }
    let env =
        |names: &[&str]| names.iter().find_map(|n| std::env::var(n).ok().filter(|v| !v.is_empty()));
    let mut set = |key: &str, value: &str| {
        options.insert(key.to_string(), value.to_string());
    };
    let endpoint = env(&["AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL", "AWS_ENDPOINT"]);
    if let Some(endpoint) = &endpoint {
        set("aws_endpoint", endpoint);
        if endpoint.starts_with("http://") {
            set("aws_allow_http", "true");
        }
        if env(&["AWS_REGION", "AWS_DEFAULT_REGION"]).is_none() {
            set("aws_region", "us-east-1");
        }
    }
    set("client_max_retries", &env(&["LANCE_BENCH_S3_RETRIES"]).unwrap_or("3".into()));
    // A refusal is asked about again at once; behind a silence the core's own retries are enough: of a
    // listing six, of a read four.
    set("client_retry_timeout", "5");
    set("connect_timeout", "5s");
    // The longest silence, and the longest request.
    set("read_timeout", "10s");
    set("timeout", "60s");
    options
}

/// Where two schemas part, in words; nullability and metadata do not count.
fn first_difference(want: &Fields, found: &Fields, at: &str) -> Option<String> {
    for (i, field) in want.iter().enumerate() {
        let name = format!("{at}{}", field.name());
        let Some(other) = found.get(i) else {
            return Some(format!("column {name} is missing"));
        };
        if field.name() != other.name() {
            return Some(format!("column {} stands where {name} belongs", other.name()));
        }
        if let Some(difference) = type_difference(field, other, &name) {
            return Some(difference);
        }
    }
    found.get(want.len()).map(|extra| format!("column {at}{} is not known here", extra.name()))
}

fn type_difference(want: &Field, found: &Field, name: &str) -> Option<String> {
    match (want.data_type(), found.data_type()) {
        (DataType::Struct(a), DataType::Struct(b)) => first_difference(a, b, &format!("{name}.")),
        (DataType::List(a), DataType::List(b)) => type_difference(a, b, name),
        (a, b) if a == b => None,
        (a, b) => Some(format!("column {name} is {b}, not {a}")),
    }
}

/// # Safety
/// `uri` is a C string, `out` writable, `err` has `err_len` bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lance_store_open(
    uri: *const c_char,
    out: *mut *mut LanceStore,
    err: *mut c_char,
    err_len: usize,
) -> i32 {
    Reason::new(err, err_len).run(
        || LanceStore::open(unsafe { string(uri, "the database URI") }?),
        |store| unsafe { *out = Box::into_raw(Box::new(store)) },
    )
}

/// # Safety
/// `store` is NULL or came from `lance_store_open` and is not used again.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lance_store_close(store: *mut LanceStore) {
    if !store.is_null() {
        drop(unsafe { Box::from_raw(store) });
    }
}

/// # Safety
/// `store` is open; the out pointers are writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lance_store_tables(
    store: *mut LanceStore,
    names: *mut *mut c_char,
    len: *mut usize,
    err: *mut c_char,
    err_len: usize,
) -> i32 {
    let store = unsafe { &*store };
    Reason::new(err, err_len).run(
        || store.runtime.block_on(store.tables()),
        |list| {
            let text: String = list.iter().map(|n| format!("{n}\n")).collect();
            give_bytes(text.into_bytes(), names, len)
        },
    )
}

/// # Safety
/// `store` is open, `table` a C string, `out` writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lance_store_table_info(
    store: *mut LanceStore,
    table: *const c_char,
    out: *mut TableInfo,
    err: *mut c_char,
    err_len: usize,
) -> i32 {
    let store = unsafe { &*store };
    Reason::new(err, err_len).run(
        || store.runtime.block_on(store.info(unsafe { string(table, "the table's name") }?)),
        |info| unsafe { *out = info },
    )
}
