//! A commit handler that lets a writer commit on top of one version only.
//!
//! Lance rebases an append over whatever others committed since it was read. That keeps every row, but
//! two publishers of the same results would both get theirs in. The writer therefore looks for its
//! keys in version N and commits N + 1 or nothing; where somebody else was first it looks again.
//!
//! Making a table needs the rule too: where another process makes it between Lance's look and its
//! commit, Lance would put the empty table on top of what the other has written by then.
//!
//! It also makes sure that what a version consists of is there: Lance's writer of local files does not
//! look at an error of the last write, so that a full disk leaves a data file cut short, and no word.

use std::collections::HashSet;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

use async_trait::async_trait;
use lance_core::Error;
use lance_io::object_store::ObjectStore;
use lance_table::format::{DataFile, Fragment, IndexMetadata, Manifest, Transaction};
use lance_table::io::commit::{
    CommitError, CommitHandler, ManifestLocation, ManifestNamingScheme, ManifestWriter,
};
use object_store::path::Path;

#[derive(Debug)]
pub struct StrictCommit {
    inner: Arc<dyn CommitHandler>,
    only: AtomicU64,
    /// What the table held when it was opened: not this writer's to check.
    before: OnceLock<Arc<Vec<Fragment>>>,
}

/// The version that a table begins with.
const FIRST: u64 = 1;

impl StrictCommit {
    pub fn new(inner: Arc<dyn CommitHandler>) -> Self {
        Self { inner, only: AtomicU64::new(0), before: OnceLock::new() }
    }

    /// From now on only a table's first version can be committed.
    pub fn allow_first(&self) {
        self.allow_only(FIRST);
    }

    /// From now on only `version` can be committed; 0 lifts the rule.
    pub fn allow_only(&self, version: u64) {
        self.only.store(version, Ordering::SeqCst);
    }

    /// The version that the table was opened at.
    pub fn opened(&self, manifest: &Manifest) {
        let _ = self.before.set(manifest.fragments.clone());
    }

    /// Each local data file that is new in `manifest` has the size that its writer counted.
    async fn check_written(
        &self,
        manifest: &Manifest,
        base_path: &Path,
        object_store: &ObjectStore,
    ) -> lance_core::Result<()> {
        if !object_store.is_local() {
            return Ok(());
        }
        let known: HashSet<&str> =
            self.before.get().into_iter().flat_map(|b| files(b)).map(|f| f.path.as_str()).collect();
        for file in files(&manifest.fragments) {
            let Some(size) = file.file_size_bytes.get() else { continue };
            if file.base_id.is_some() || known.contains(file.path.as_str()) {
                continue;
            }
            let path = base_path.clone().join("data").join(file.path.as_str());
            let found = object_store.size(&path).await?;
            if found != size.get() {
                return Err(Error::io(format!(
                    "only {found} of {size} bytes could be written to /{path}: is the disk full?"
                )));
            }
        }
        Ok(())
    }
}

fn files(fragments: &[Fragment]) -> impl Iterator<Item = &DataFile> {
    fragments.iter().flat_map(|f| f.files.iter())
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
        self.check_written(manifest, base_path, object_store).await?;
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
