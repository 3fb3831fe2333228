//! The reference rule of blobs: a row that names one counts, and only live content can be named.

use model::BlobHash;

use super::Batch;
use crate::{
    Stored, Table,
    table::full_key,
    tables::blob::{BlobRow, BlobState, Blobs, BlobsIdle, IdleRow, Refs},
};

impl Batch {
    /// One more row refers to this blob, which must still be live when the batch is applied.
    pub fn reference_blob(&mut self, hash: &BlobHash, blob: &Stored<BlobRow>) -> &mut Self {
        self.assert_unchanged::<Blobs>(hash, blob).add::<Refs>(hash, 1, 1..)
    }

    /// One row less refers to this blob. The collector, who is told, does the rest.
    pub fn release_blob(&mut self, hash: &BlobHash) -> &mut Self {
        self.add::<Refs>(hash, -1, 0..);
        let told = full_key(BlobsIdle::ID, hash);
        if !self.puts.iter().any(|put| put.key == told) {
            self.put::<BlobsIdle>(hash, &IdleRow::default());
        }
        self
    }

    /// Content was stored and one row refers to it: a new blob, one that is there already, or a condemned one that is revived.
    ///
    /// `found` is the blob's row as it is now. Hold the `Sealed` guard until the batch is committed.
    pub fn store_blob(
        &mut self,
        hash: &BlobHash,
        found: Option<&Stored<BlobRow>>,
        row: &BlobRow,
    ) -> &mut Self {
        match found {
            None => self.insert::<Blobs>(hash, row),
            Some(old) => match old.row.state {
                BlobState::Live => self.assert_unchanged::<Blobs>(hash, old),
                BlobState::Condemned { .. } => self.replace::<Blobs>(hash, old, row),
            },
        };
        self.add::<Refs>(hash, 1, 1..)
    }
}
