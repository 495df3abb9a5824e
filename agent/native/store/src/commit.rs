//! A commit handler that lets a writer commit on top of one version only.
//!
//! Lance rebases an append over whatever others committed since it was read. That keeps every row, but
//! two publishers of the same results would both get theirs in. The writer therefore looks for its
//! keys in version N and commits N + 1 or nothing; where somebody else was first it looks again.
//!
//! Making a table needs the rule too: where another process makes it between Lance's look and its
//! commit, Lance would put the empty table on top of what the other has written by then.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use async_trait::async_trait;
use lance_core::Error;
use lance_io::object_store::ObjectStore;
use lance_table::format::{IndexMetadata, Manifest, Transaction};
use lance_table::io::commit::{
    CommitError, CommitHandler, ManifestLocation, ManifestNamingScheme, ManifestWriter,
};
use object_store::path::Path;

#[derive(Debug)]
pub struct StrictCommit {
    inner: Arc<dyn CommitHandler>,
    only: AtomicU64,
}

/// The version that a table begins with.
const FIRST: u64 = 1;

impl StrictCommit {
    pub fn new(inner: Arc<dyn CommitHandler>) -> Self {
        Self { inner, only: AtomicU64::new(0) }
    }

    /// From now on only a table's first version can be committed.
    pub fn allow_first(&self) {
        self.allow_only(FIRST);
    }

    /// From now on only `version` can be committed; 0 lifts the rule.
    pub fn allow_only(&self, version: u64) {
        self.only.store(version, Ordering::SeqCst);
    }
}

#[async_trait]
impl CommitHandler for StrictCommit {
    fn is_version_not_found_definitive(&self) -> bool {
        self.inner.is_version_not_found_definitive()
    }

    fn propagate_commit_error_after_success(&self) -> bool {
        self.inner.propagate_commit_error_after_success()
    }

    async fn commit(
        &self,
        manifest: &mut Manifest,
        indices: Option<Vec<IndexMetadata>>,
        base_path: &Path,
        object_store: &ObjectStore,
        manifest_writer: ManifestWriter,
        naming_scheme: ManifestNamingScheme,
        transaction: Option<Transaction>,
    ) -> Result<ManifestLocation, CommitError> {
        let only = self.only.load(Ordering::SeqCst);
        if only != 0 && manifest.version != only {
            return Err(match only {
                // A conflict would be tried again, on top of the table that is there now.
                FIRST => Error::dataset_already_exists(base_path.to_string()).into(),
                _ => CommitError::CommitConflict,
            });
        }
        self.inner
            .commit(
                manifest,
                indices,
                base_path,
                object_store,
                manifest_writer,
                naming_scheme,
                transaction,
            )
            .await
    }
}
