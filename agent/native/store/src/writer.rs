//! Rows into a table, each key once, in one commit.
//!
//! Batches go to data files while the caller still reads its input. The commit is strict (see
//! `commit.rs`): the keys are looked for in version N, and N + 1 holds the new rows or nothing does.

use std::collections::HashSet;
use std::ffi::c_char;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::time::Duration;

use arrow::array::{Array, BooleanArray, RecordBatch, StructArray, cast::AsArray};
use arrow::compute::filter_record_batch;
use arrow::datatypes::{Schema, SchemaRef};
use arrow::error::ArrowError;
use arrow::ffi::{FFI_ArrowArray, FFI_ArrowSchema, from_ffi};
use arrow::record_batch::{RecordBatchIterator, RecordBatchReader};
use futures::TryStreamExt;
use lance::Dataset;
use lance::dataset::transaction::{Operation, Transaction};
use lance::dataset::{
    CommitBuilder, InsertBuilder, MergeInsertBuilder, WhenMatched, WriteMode, WriteParams,
};
use tokio::runtime::Runtime;
use tokio::task::JoinHandle;

use crate::commit::StrictCommit;
use crate::ffi::{Reason, string};
use crate::status::{Failure, Outcome, Status};
use crate::store::{LanceStore, Table, storage_version};

/// Two batches wait while one is written: memory stays bounded whatever the input's size.
const QUEUE: usize = 2;
/// Keys of the first batch that are looked up to see whether this was published before.
const PROBE: usize = 64;
const COMMIT_ATTEMPTS: u32 = 64;

pub struct LanceWriter {
    runtime: Arc<Runtime>,
    name: String,
    uri: String,
    store: *mut LanceStore,
    key: String,
    mode: Mode,
    /// The one version that the rows may be put on top of.
    expected: Option<u64>,
    dataset: Dataset,
    commit: Arc<StrictCommit>,
    schema: SchemaRef,
    pushed: HashSet<String>,
    /// Keys that the table has already; filled when the first batch shows that some are there.
    present: Option<HashSet<String>>,
    probed: bool,
    stage: Stage,
}

/// What becomes of the rows that are there; the numbers are those of `enum lance_merge_mode`.
#[derive(Clone, Copy, PartialEq)]
enum Mode {
    Keep,
    Replace,
    Rewrite,
}

enum Stage {
    Idle,
    Writing {
        queue: SyncSender<RecordBatch>,
        task: JoinHandle<lance::Result<Transaction>>,
    },
    /// Replacing rows, some or all, needs them at hand; such tables are small.
    Collecting(Vec<RecordBatch>),
}

/// Files that were not there when they were read. A compaction takes away those of a version only after
/// it has committed the next one, so looking again finds others; what is missing time and again is lost.
#[derive(Default)]
struct Gone {
    times: u32,
}

impl Gone {
    const MOST: u32 = 10;

    /// Whether the failure may be over in the newest version.
    fn passes(&mut self, failure: &Failure) -> bool {
        self.times += 1;
        failure.is_gone() && self.times < Self::MOST
    }
}

#[repr(C)]
pub struct MergeResult {
    inserted: u64,
    updated: u64,
    version: u64,
}

/// Turns the queue into what Lance writes from.
struct QueueReader {
    schema: SchemaRef,
    queue: Receiver<RecordBatch>,
}

impl Iterator for QueueReader {
    type Item = Result<RecordBatch, ArrowError>;

    fn next(&mut self) -> Option<Self::Item> {
        self.queue.recv().ok().map(Ok)
    }
}

impl RecordBatchReader for QueueReader {
    fn schema(&self) -> SchemaRef {
        self.schema.clone()
    }
}

fn append_params() -> WriteParams {
    WriteParams { mode: WriteMode::Append, skip_auto_cleanup: true, ..Default::default() }
}

async fn scan_keys(
    dataset: &Dataset,
    key: &str,
    filter: Option<&str>,
) -> Outcome<Vec<RecordBatch>> {
    let mut scan = dataset.scan();
    scan.project(&[key])?;
    if let Some(filter) = filter {
        scan.filter(filter)?;
    }
    Ok(scan.try_into_stream().await?.try_collect::<Vec<_>>().await?)
}

/// The keys of a table that are among `wanted`.
async fn keys_among(
    dataset: &Dataset,
    key: &str,
    wanted: &HashSet<String>,
) -> Outcome<HashSet<String>> {
    let mut found = HashSet::new();
    if dataset.manifest().fragments.is_empty() {
        return Ok(found);
    }
    for batch in scan_keys(dataset, key, None).await? {
        for value in keys_of(&batch, key)?.into_iter().flatten() {
            if let Some(hit) = wanted.get(value) {
                found.insert(hit.clone());
            }
        }
    }
    Ok(found)
}

fn keys_of<'a>(batch: &'a RecordBatch, key: &str) -> Outcome<Vec<Option<&'a str>>> {
    let column =
        batch.column_by_name(key).and_then(|c| c.as_string_opt::<i32>()).ok_or_else(|| {
            Failure::new(Status::Invalid, format!("the key column {key} is not text"))
        })?;
    Ok((0..column.len()).map(|i| column.is_valid(i).then(|| column.value(i))).collect())
}

impl LanceWriter {
    fn open(
        store: *mut LanceStore,
        table: &str,
        make: SchemaRef,
        key: &str,
        mode: Mode,
    ) -> Outcome<Self> {
        let opened = unsafe { &*store };
        let Table { dataset, commit } = opened.runtime.block_on(opened.ensure(table, make))?;
        let schema = Arc::new(Schema::from(dataset.schema()));
        if schema.field_with_name(key).is_err() {
            return Err(Failure::new(Status::Schema, format!("table {table} has no column {key}")));
        }
        Ok(Self {
            runtime: opened.runtime.clone(),
            name: table.to_string(),
            uri: opened.table_uri(table),
            store,
            key: key.to_string(),
            mode,
            expected: None,
            dataset,
            commit,
            schema,
            pushed: HashSet::new(),
            present: None,
            probed: false,
            stage: match mode {
                Mode::Keep => Stage::Idle,
                _ => Stage::Collecting(Vec::new()),
            },
        })
    }

    /// All keys of the table where it has some of those in `filter`.
    async fn look_up(&self, filter: &str) -> Outcome<Option<HashSet<String>>> {
        let hits = scan_keys(&self.dataset, &self.key, Some(filter)).await?;
        if hits.iter().all(|b| b.num_rows() == 0) {
            return Ok(None);
        }
        let mut present = HashSet::new();
        for batch in &scan_keys(&self.dataset, &self.key, None).await? {
            present.extend(keys_of(batch, &self.key)?.into_iter().flatten().map(str::to_string));
        }
        Ok(Some(present))
    }

    /// Drops rows whose key was pushed before or is in the table.
    fn only_new(&mut self, batch: RecordBatch) -> Outcome<RecordBatch> {
        let keys = keys_of(&batch, &self.key)?;
        let empty = self.dataset.manifest().fragments.is_empty();
        if !self.probed && self.mode == Mode::Keep && !empty {
            self.probed = true;
            let probe: HashSet<String> =
                keys.iter().flatten().take(PROBE).map(|k| k.to_string()).collect();
            let quoted: Vec<String> =
                probe.iter().map(|k| format!("'{}'", k.replace('\'', "''"))).collect();
            let filter = format!("{} IN ({})", self.key, quoted.join(","));
            let runtime = self.runtime.clone();
            let mut found = runtime.block_on(self.look_up(&filter));
            if found.as_ref().is_err_and(Failure::is_gone) {
                runtime.block_on(self.reload())?;
                found = runtime.block_on(self.look_up(&filter));
            }
            self.present = found.map_err(Failure::for_good)?;
        }
        let mut keep = Vec::with_capacity(keys.len());
        for key in &keys {
            let Some(key) = key else {
                return Err(Failure::new(Status::Invalid, "a row has no key"));
            };
            let there = self.present.as_ref().is_some_and(|p| p.contains(*key));
            keep.push(!there && self.pushed.insert(key.to_string()));
        }
        if keep.iter().all(|&k| k) {
            return Ok(batch);
        }
        Ok(filter_record_batch(&batch, &BooleanArray::from(keep))?)
    }

    fn push(&mut self, batch: RecordBatch) -> Outcome<()> {
        let batch = self.only_new(batch)?;
        if batch.num_rows() == 0 {
            return Ok(());
        }
        if let Stage::Idle = self.stage {
            self.stage = self.start_writing();
        }
        match &mut self.stage {
            Stage::Collecting(batches) => batches.push(batch),
            Stage::Writing { queue, .. } => {
                // A closed queue: the task failed. finish() has its reason.
                if queue.send(batch).is_err() {
                    return Err(self.task_failure());
                }
            }
            Stage::Idle => unreachable!("writing has started"),
        }
        Ok(())
    }

    fn start_writing(&self) -> Stage {
        let (queue, receiver) = sync_channel(QUEUE);
        let reader = QueueReader { schema: self.schema.clone(), queue: receiver };
        let dataset = Arc::new(self.dataset.clone());
        let task = self.runtime.spawn(async move {
            let reader: Box<dyn RecordBatchReader + Send> = Box::new(reader);
            InsertBuilder::new(dataset)
                .with_params(&append_params())
                .execute_uncommitted_stream(reader)
                .await
        });
        Stage::Writing { queue, task }
    }

    fn task_failure(&mut self) -> Failure {
        match std::mem::replace(&mut self.stage, Stage::Idle) {
            Stage::Writing { queue, task } => {
                drop(queue);
                match self.runtime.block_on(task) {
                    Ok(Err(e)) => e.into(),
                    Ok(Ok(_)) => Failure::new(Status::Failed, "the writer stopped early"),
                    Err(e) => Failure::new(Status::Failed, e.to_string()),
                }
            }
            _ => Failure::new(Status::Failed, "the writer is not writing"),
        }
    }

    fn finish(mut self) -> Outcome<MergeResult> {
        let runtime = self.runtime.clone();
        match std::mem::replace(&mut self.stage, Stage::Idle) {
            Stage::Idle => Ok(self.unchanged()),
            Stage::Collecting(batches) if self.mode == Mode::Rewrite => {
                runtime.block_on(self.rewrite_table(batches))
            }
            Stage::Collecting(batches) if batches.is_empty() => Ok(self.unchanged()),
            Stage::Collecting(batches) => runtime.block_on(self.replace_rows(batches)),
            Stage::Writing { queue, task } => {
                drop(queue);
                let written = runtime
                    .block_on(task)
                    .map_err(|e| Failure::new(Status::Failed, e.to_string()))??;
                runtime.block_on(self.commit_new_rows(written))
            }
        }
    }

    fn unchanged(&self) -> MergeResult {
        MergeResult { inserted: 0, updated: 0, version: self.dataset.manifest().version }
    }

    async fn reload(&mut self) -> Outcome<()> {
        let store = unsafe { &*self.store };
        let Table { dataset, commit } = store.load(&self.name).await?;
        self.dataset = dataset;
        self.commit = commit;
        Ok(())
    }

    /// Commits the written data files on top of a version that has none of their keys.
    async fn commit_new_rows(&mut self, mut written: Transaction) -> Outcome<MergeResult> {
        let mut gone = Gone::default();
        for attempt in 0..COMMIT_ATTEMPTS {
            self.dataset.checkout_latest().await?;
            let there = match keys_among(&self.dataset, &self.key, &self.pushed).await {
                Err(e) if gone.passes(&e) => {
                    wait_a_little(attempt).await;
                    continue;
                }
                found => found.map_err(Failure::for_good)?,
            };
            if there.len() == self.pushed.len() {
                self.delete_files(&written).await;
                return Ok(self.unchanged());
            }
            if !there.is_empty() {
                written = self.rewrite_without(written, &there).await?;
                self.pushed.retain(|key| !there.contains(key));
            }
            match self.commit_next(&written).await {
                Ok(done) => {
                    return Ok(MergeResult {
                        inserted: self.pushed.len() as u64,
                        updated: 0,
                        version: done.manifest().version,
                    });
                }
                Err(raced) if raced.status == Status::Conflict => wait_a_little(attempt).await,
                Err(failed) => {
                    self.delete_unused(&written, &failed).await;
                    return Err(failed);
                }
            }
        }
        self.delete_files(&written).await;
        Err(Failure::new(
            Status::Conflict,
            format!("other writers were faster {COMMIT_ATTEMPTS} times: {}", self.uri),
        ))
    }

    /// Version N + 1 with what was written, where N is the version at hand, or `Conflict`.
    async fn commit_next(&self, written: &Transaction) -> Outcome<Dataset> {
        let version = self.dataset.manifest().version;
        self.commit.allow_only(version + 1);
        Ok(CommitBuilder::new(Arc::new(self.dataset.clone()))
            .with_commit_handler(self.commit.clone())
            .with_max_retries(1)
            .with_skip_auto_cleanup(true)
            .execute(Transaction { read_version: version, ..written.clone() })
            .await?)
    }

    /// The same rows without those that somebody else has stored meanwhile, in new data files.
    async fn rewrite_without(
        &self,
        written: Transaction,
        there: &HashSet<String>,
    ) -> Outcome<Transaction> {
        let Operation::Append { fragments } = &written.operation else {
            return Err(Failure::new(Status::Failed, "an append was expected"));
        };
        let mut kept = Vec::new();
        for fragment in fragments {
            let mut scan = self.dataset.scan();
            scan.with_fragments(vec![fragment.clone()]);
            let batches = scan.try_into_stream().await?.try_collect::<Vec<_>>().await?;
            for batch in batches {
                let keep: BooleanArray = keys_of(&batch, &self.key)?
                    .into_iter()
                    .map(|key| Some(key.is_some_and(|k| !there.contains(k))))
                    .collect();
                kept.push(filter_record_batch(&batch, &keep)?);
            }
        }
        let rows = RecordBatchIterator::new(kept.into_iter().map(Ok), self.schema.clone());
        let rows: Box<dyn RecordBatchReader + Send> = Box::new(rows);
        let rewritten = InsertBuilder::new(Arc::new(self.dataset.clone()))
            .with_params(&append_params())
            .execute_uncommitted_stream(rows)
            .await?;
        self.delete_files(&written).await;
        Ok(rewritten)
    }

    /// After a commit that failed. Over a network it may still arrive: then nothing is deleted.
    async fn delete_unused(&self, written: &Transaction, failed: &Failure) {
        if failed.status != Status::Unreachable || !self.uri.starts_with("s3://") {
            self.delete_files(written).await;
        }
    }

    /// Data files that no version refers to. What cannot be deleted now goes with the next compaction.
    async fn delete_files(&self, written: &Transaction) {
        let (Operation::Append { fragments } | Operation::Overwrite { fragments, .. }) =
            &written.operation
        else {
            return;
        };
        // A commit that was answered with a failure may have happened all the same: then they are in use.
        let mut latest = self.dataset.clone();
        if latest.checkout_latest().await.is_err() {
            return;
        }
        let used: HashSet<&str> = latest
            .manifest()
            .fragments
            .iter()
            .flat_map(|f| f.files.iter())
            .map(|file| file.path.as_str())
            .collect();
        if fragments.iter().flat_map(|f| f.files.iter()).any(|f| used.contains(f.path.as_str())) {
            return;
        }
        let Ok(store) = self.dataset.object_store(None).await else { return };
        for file in fragments.iter().flat_map(|f| f.files.iter()) {
            let path = self.dataset.data_dir().join(file.path.as_str());
            let _ = store.delete(&path).await;
        }
    }

    /// These rows and no others, on top of the expected version or not at all.
    async fn rewrite_table(&mut self, mut batches: Vec<RecordBatch>) -> Outcome<MergeResult> {
        let found = self.dataset.manifest().version;
        if self.expected.is_some_and(|version| version != found) {
            return Err(self.no_longer_expected());
        }
        if batches.is_empty() {
            batches.push(RecordBatch::new_empty(self.schema.clone()));
        }
        let params = WriteParams { mode: WriteMode::Overwrite, ..append_params() };
        let written = InsertBuilder::new(Arc::new(self.dataset.clone()))
            .with_params(&params)
            .execute_uncommitted(batches)
            .await?;
        match self.commit_next(&written).await {
            Ok(done) => Ok(MergeResult {
                inserted: self.pushed.len() as u64,
                updated: 0,
                version: done.manifest().version,
            }),
            Err(failed) => {
                self.delete_unused(&written, &failed).await;
                Err(if failed.status == Status::Conflict {
                    self.no_longer_expected()
                } else {
                    failed
                })
            }
        }
    }

    fn no_longer_expected(&self) -> Failure {
        Failure::new(Status::Conflict, format!("somebody else has changed it: {}", self.uri))
    }

    async fn replace_rows(&mut self, batches: Vec<RecordBatch>) -> Outcome<MergeResult> {
        let mut gone = Gone::default();
        for attempt in 0..COMMIT_ATTEMPTS {
            self.reload().await?;
            let result = match keys_among(&self.dataset, &self.key, &self.pushed).await {
                Ok(there) if there.is_empty() => self.append(batches.clone()).await,
                Ok(_) => self.merge(batches.clone()).await,
                Err(e) => Err(e),
            };
            match result {
                Ok(merged) => return Ok(merged),
                Err(raced) if raced.status == Status::Conflict => wait_a_little(attempt).await,
                Err(e) if gone.passes(&e) => wait_a_little(attempt).await,
                Err(failed) => return Err(failed.for_good()),
            }
        }
        Err(Failure::new(
            Status::Conflict,
            format!("other writers were faster {COMMIT_ATTEMPTS} times: {}", self.uri),
        ))
    }

    /// Rows whose keys the version at hand does not have: a join with nothing is spared.
    async fn append(&self, batches: Vec<RecordBatch>) -> Outcome<MergeResult> {
        let written = InsertBuilder::new(Arc::new(self.dataset.clone()))
            .with_params(&append_params())
            .execute_uncommitted(batches)
            .await?;
        match self.commit_next(&written).await {
            Ok(done) => Ok(MergeResult {
                inserted: self.pushed.len() as u64,
                updated: 0,
                version: done.manifest().version,
            }),
            Err(failed) => {
                self.delete_unused(&written, &failed).await;
                Err(failed)
            }
        }
    }

    async fn merge(&self, batches: Vec<RecordBatch>) -> Outcome<MergeResult> {
        self.commit.allow_only(self.dataset.manifest().version + 1);
        let mut builder =
            MergeInsertBuilder::try_new(Arc::new(self.dataset.clone()), vec![self.key.clone()])?;
        builder.when_matched(WhenMatched::UpdateAll).conflict_retries(0).commit_retries(1);
        builder.skip_auto_cleanup(true);
        let (dataset, stats) = builder.try_build()?.execute_batches(batches).await?;
        Ok(MergeResult {
            inserted: stats.num_inserted_rows,
            updated: stats.num_updated_rows,
            version: dataset.manifest().version,
        })
    }

    fn abort(mut self) {
        if let Stage::Writing { queue, task } = std::mem::replace(&mut self.stage, Stage::Idle) {
            drop(queue);
            if let Ok(Ok(written)) = self.runtime.block_on(task) {
                self.runtime.clone().block_on(self.delete_files(&written));
            }
        }
    }
}

/// Waits longer with each attempt, and not as long as the process beside this one.
async fn wait_a_little(attempt: u32) {
    let jitter = std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .map_or(0, |d| d.subsec_nanos() as u64 ^ u64::from(std::process::id()) << 7);
    let most = 20u64 << attempt.min(5);
    tokio::time::sleep(Duration::from_millis(5 + jitter % most)).await;
}

/// # Safety
/// `store` is open and outlives the writer; strings are C strings, `out` writable; `schema` is a valid
/// Arrow schema and is consumed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lance_writer_open(
    store: *mut LanceStore,
    table: *const c_char,
    schema: *mut FFI_ArrowSchema,
    key: *const c_char,
    mode: i32,
    out: *mut *mut LanceWriter,
    err: *mut c_char,
    err_len: usize,
) -> i32 {
    let schema = unsafe { FFI_ArrowSchema::from_raw(schema) };
    Reason::new(err, err_len).run(
        || {
            let table = unsafe { string(table, "the table's name") }?;
            let key = unsafe { string(key, "the key's name") }?;
            let schema = Arc::new(Schema::try_from(&schema)?);
            let mode = match mode {
                0 => Mode::Keep,
                1 => Mode::Replace,
                2 => Mode::Rewrite,
                _ => return Err(Failure::new(Status::Invalid, format!("no such mode: {mode}"))),
            };
            LanceWriter::open(store, table, schema, key, mode)
        },
        |writer| unsafe { *out = Box::into_raw(Box::new(writer)) },
    )
}

/// # Safety
/// `writer` is open; `version` has 8 bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lance_writer_storage_version(
    writer: *const LanceWriter,
    version: *mut [u8; 8],
) {
    unsafe { *version = storage_version(&(*writer).dataset) };
}

/// # Safety
/// `writer` is open.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lance_writer_expect(writer: *mut LanceWriter, version: u64) {
    unsafe { (*writer).expected = Some(version) };
}

/// # Safety
/// `writer` is open; `batch` is a valid struct array of the table's schema and is consumed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lance_writer_push(
    writer: *mut LanceWriter,
    batch: *mut FFI_ArrowArray,
    err: *mut c_char,
    err_len: usize,
) -> i32 {
    let writer = unsafe { &mut *writer };
    let array = unsafe { FFI_ArrowArray::from_raw(batch) };
    Reason::new(err, err_len).run(
        || {
            let schema = FFI_ArrowSchema::try_from(writer.schema.as_ref())?;
            let data = unsafe { from_ffi(array, &schema) }?;
            data.validate_data().map_err(|e| {
                Failure::new(Status::Invalid, format!("a batch of rows is not valid: {e}"))
            })?;
            writer.push(RecordBatch::from(StructArray::from(data)))
        },
        |()| (),
    )
}

/// # Safety
/// `writer` is open and not used again; `out` is writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lance_writer_finish(
    writer: *mut LanceWriter,
    out: *mut MergeResult,
    err: *mut c_char,
    err_len: usize,
) -> i32 {
    let writer = unsafe { Box::from_raw(writer) };
    Reason::new(err, err_len).run(|| writer.finish(), |result| unsafe { *out = result })
}

/// # Safety
/// `writer` is NULL, or open and not used again.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lance_writer_abort(writer: *mut LanceWriter) {
    if !writer.is_null() {
        unsafe { Box::from_raw(writer) }.abort();
    }
}
