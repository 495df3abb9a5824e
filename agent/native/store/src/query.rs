//! Reading: a scan of one table, SQL over all of them.

use std::ffi::c_char;
use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, ListArray, RecordBatch, StructArray, cast::AsArray, new_null_array,
};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Field, Fields, Schema, SchemaRef};
use arrow::error::ArrowError;
use arrow::ffi_stream::FFI_ArrowArrayStream;
use arrow::record_batch::RecordBatchReader;
use datafusion::execution::SendableRecordBatchStream;
use datafusion::execution::context::SQLOptions;
use datafusion::prelude::{SessionConfig, SessionContext};
use futures::StreamExt;
use lance::datafusion::LanceTableProvider;
use tokio::runtime::Runtime;

use crate::ffi::{Reason, optional, string};
use crate::status::{Failure, Outcome, Status};
use crate::store::LanceStore;

/// A stream of the async world, read by whoever asks for the next batch.
struct Blocking {
    runtime: Arc<Runtime>,
    stream: SendableRecordBatchStream,
    schema: SchemaRef,
    simple: bool,
}

impl Iterator for Blocking {
    type Item = Result<RecordBatch, ArrowError>;

    fn next(&mut self) -> Option<Self::Item> {
        let next = self.runtime.block_on(self.stream.next())?;
        Some(
            next.map_err(|e| stream_error(e.into())).and_then(|batch| {
                if self.simple { simplify(&batch, &self.schema) } else { Ok(batch) }
            }),
        )
    }
}

/// The Arrow stream hands an errno over: EIO stands for a database that cannot be reached.
fn stream_error(failure: Failure) -> ArrowError {
    match failure.status {
        Status::Unreachable => {
            ArrowError::IoError(failure.reason, std::io::ErrorKind::Other.into())
        }
        _ => ArrowError::ExternalError(failure.reason.into()),
    }
}

impl RecordBatchReader for Blocking {
    fn schema(&self) -> SchemaRef {
        self.schema.clone()
    }
}

/// The few types that the C side reads: null, bool, int64, uint64, float64, text, and lists and structs
/// of these. Everything else is shown as text, the way Arrow writes it.
fn simple_type(t: &DataType) -> DataType {
    use DataType::*;
    match t {
        Null => Null,
        Boolean => Boolean,
        Int8 | Int16 | Int32 | Int64 => Int64,
        UInt8 | UInt16 | UInt32 | UInt64 => UInt64,
        Float16 | Float32 | Float64 => Float64,
        Struct(fields) => Struct(simple_fields(fields)),
        List(f) | LargeList(f) | FixedSizeList(f, _) => List(Arc::new(simple_field(f))),
        _ => Utf8,
    }
}

fn simple_field(f: &Field) -> Field {
    Field::new(f.name(), simple_type(f.data_type()), true)
}

fn simple_fields(fields: &Fields) -> Fields {
    fields.iter().map(|f| simple_field(f)).collect()
}

fn simplify_array(array: &ArrayRef, want: &DataType) -> Result<ArrayRef, ArrowError> {
    match want {
        t if t == array.data_type() => Ok(array.clone()),
        DataType::Null => Ok(new_null_array(&DataType::Null, array.len())),
        DataType::Struct(fields) => {
            let source = array.as_struct();
            let children = fields
                .iter()
                .zip(source.columns())
                .map(|(f, c)| simplify_array(c, f.data_type()))
                .collect::<Result<Vec<_>, _>>()?;
            Ok(Arc::new(StructArray::try_new(fields.clone(), children, source.nulls().cloned())?))
        }
        DataType::List(field) => {
            let plain = match array.data_type() {
                DataType::List(_) => array.clone(),
                DataType::LargeList(f) | DataType::FixedSizeList(f, _) => {
                    cast(array, &DataType::List(f.clone()))?
                }
                other => return Err(ArrowError::CastError(format!("{other} is not a list"))),
            };
            let source = plain.as_list::<i32>();
            let values = simplify_array(source.values(), field.data_type())?;
            Ok(Arc::new(ListArray::try_new(
                field.clone(),
                source.offsets().clone(),
                values,
                source.nulls().cloned(),
            )?))
        }
        t => cast(array, t),
    }
}

fn simplify(batch: &RecordBatch, schema: &SchemaRef) -> Result<RecordBatch, ArrowError> {
    let columns = schema
        .fields()
        .iter()
        .zip(batch.columns())
        .map(|(f, c)| simplify_array(c, f.data_type()))
        .collect::<Result<Vec<_>, _>>()?;
    let options = arrow::array::RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
    RecordBatch::try_new_with_options(schema.clone(), columns, &options)
}

fn export(
    runtime: &Arc<Runtime>,
    stream: SendableRecordBatchStream,
    simple: bool,
) -> FFI_ArrowArrayStream {
    let raw = stream.schema();
    let schema = if simple { Arc::new(Schema::new(simple_fields(raw.fields()))) } else { raw };
    let reader = Blocking { runtime: runtime.clone(), stream, schema, simple };
    FFI_ArrowArrayStream::new(Box::new(reader))
}

async fn scan(
    store: &LanceStore,
    table: &str,
    columns: Option<&str>,
    filter: Option<&str>,
) -> Outcome<SendableRecordBatchStream> {
    let dataset = store.load(table).await?.dataset;
    let mut scan = dataset.scan();
    if let Some(columns) = columns {
        scan.project(&columns.split('\n').filter(|c| !c.is_empty()).collect::<Vec<_>>())?;
    }
    if let Some(filter) = filter {
        scan.filter(filter)?;
    }
    let stream: SendableRecordBatchStream = scan.try_into_stream().await?.into();
    Ok(stream)
}

async fn sql(store: &LanceStore, text: &str) -> Outcome<SendableRecordBatchStream> {
    let config = SessionConfig::new()
        .with_target_partitions(1)
        .with_information_schema(true)
        .set_bool("datafusion.sql_parser.map_string_types_to_utf8view", false);
    let context = SessionContext::new_with_config(config);
    for table in store.tables().await? {
        let dataset = Arc::new(store.load(&table).await?.dataset);
        let provider = LanceTableProvider::new(dataset, false, false);
        context.register_table(datafusion::sql::TableReference::bare(table), Arc::new(provider))?;
    }
    let read_only =
        SQLOptions::new().with_allow_ddl(false).with_allow_dml(false).with_allow_statements(false);
    let frame = context.sql_with_options(text, read_only).await?;
    Ok(frame.execute_stream().await?)
}

/// # Safety
/// `store` is open; `table` is a C string, `columns` and `filter` are C strings or NULL; `out` is
/// writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lance_store_scan(
    store: *mut LanceStore,
    table: *const c_char,
    columns: *const c_char,
    filter: *const c_char,
    out: *mut FFI_ArrowArrayStream,
    err: *mut c_char,
    err_len: usize,
) -> i32 {
    let store = unsafe { &*store };
    Reason::new(err, err_len).run(
        || {
            let table = unsafe { string(table, "the table's name") }?;
            let columns = unsafe { optional(columns, "the column list") }?;
            let filter = unsafe { optional(filter, "the filter") }?;
            let stream = store.runtime.block_on(scan(store, table, columns, filter))?;
            Ok(export(&store.runtime, stream, true))
        },
        |stream| unsafe { out.write(stream) },
    )
}

/// # Safety
/// `store` is open, `text` a C string, `out` writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lance_store_sql(
    store: *mut LanceStore,
    text: *const c_char,
    simple: bool,
    out: *mut FFI_ArrowArrayStream,
    err: *mut c_char,
    err_len: usize,
) -> i32 {
    let store = unsafe { &*store };
    Reason::new(err, err_len).run(
        || {
            let text = unsafe { string(text, "the query") }?;
            let stream = store.runtime.block_on(sql(store, text))?;
            Ok(export(&store.runtime, stream, simple))
        },
        |stream| unsafe { out.write(stream) },
    )
}
