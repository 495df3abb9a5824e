//! Compaction, and streams written out as files.

use std::ffi::c_char;
use std::fs::File;
use std::io::Write;
use std::mem::ManuallyDrop;
use std::os::fd::FromRawFd;

use arrow::ffi_stream::{ArrowArrayStreamReader, FFI_ArrowArrayStream};
use arrow::ipc::writer::FileWriter;
use arrow::record_batch::RecordBatchReader;
use chrono::TimeDelta;
use lance::dataset::optimize::{CompactionOptions, compact_files};
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::properties::WriterProperties;

use crate::ffi::{Reason, string};
use crate::status::{Failure, Outcome, Status};
use crate::store::LanceStore;

async fn compact(store: &LanceStore, table: &str, older_than: TimeDelta) -> Outcome<u64> {
    let mut dataset = store.load(table).await?.dataset;
    let options = CompactionOptions::default();
    compact_files(&mut dataset, options, None).await?;
    let removed = dataset.cleanup_old_versions(older_than, Some(false), Some(false)).await?;
    Ok(removed.bytes_removed)
}

/// # Safety
/// `store` is open, `table` a C string, `freed` writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lance_store_compact(
    store: *mut LanceStore,
    table: *const c_char,
    older_than_s: i64,
    freed: *mut u64,
    err: *mut c_char,
    err_len: usize,
) -> i32 {
    let store = unsafe { &*store };
    Reason::new(err, err_len).run(
        || {
            let table = unsafe { string(table, "the table's name") }?;
            let age = TimeDelta::try_seconds(older_than_s.max(0)).unwrap_or(TimeDelta::MAX);
            store.runtime.block_on(compact(store, table, age))
        },
        |bytes| unsafe { *freed = bytes },
    )
}

/// Writes the stream to a descriptor that stays the caller's.
fn write_out(
    stream: FFI_ArrowArrayStream,
    fd: i32,
    write: impl FnOnce(ArrowArrayStreamReader, &mut File) -> Outcome<()>,
) -> Outcome<()> {
    let reader = ArrowArrayStreamReader::try_new(stream)?;
    // SAFETY: the descriptor is open for the length of the call, and ManuallyDrop leaves it open.
    let mut file = ManuallyDrop::new(unsafe { File::from_raw_fd(fd) });
    write(reader, &mut file)?;
    file.flush().map_err(|e| Failure::new(Status::Failed, e.to_string()))
}

/// # Safety
/// `stream` is a valid stream that is consumed; `fd` is open for writing.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lance_write_parquet(
    stream: *mut FFI_ArrowArrayStream,
    fd: i32,
    err: *mut c_char,
    err_len: usize,
) -> i32 {
    let stream = unsafe { FFI_ArrowArrayStream::from_raw(stream) };
    let body = |reader: ArrowArrayStreamReader, file: &mut File| {
        let properties = WriterProperties::builder()
            .set_compression(Compression::ZSTD(ZstdLevel::default()))
            .build();
        let mut writer = ArrowWriter::try_new(file, reader.schema(), Some(properties))?;
        for batch in reader {
            writer.write(&batch?)?;
        }
        writer.close()?;
        Ok(())
    };
    Reason::new(err, err_len).run(|| write_out(stream, fd, body), |()| ())
}

/// # Safety
/// `stream` is a valid stream that is consumed; `fd` is open for writing.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lance_write_arrow(
    stream: *mut FFI_ArrowArrayStream,
    fd: i32,
    err: *mut c_char,
    err_len: usize,
) -> i32 {
    let stream = unsafe { FFI_ArrowArrayStream::from_raw(stream) };
    let body = |reader: ArrowArrayStreamReader, file: &mut File| {
        let mut writer = FileWriter::try_new(file, &reader.schema())?;
        for batch in reader {
            writer.write(&batch?)?;
        }
        Ok(writer.finish()?)
    };
    Reason::new(err, err_len).run(|| write_out(stream, fd, body), |()| ())
}
