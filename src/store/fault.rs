//! Planned failures at named points, so that a test can make the n-th sync fail without a hook in the code it tests.

use std::io;

/// Where a failure can be planned.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FaultPoint {
    /// Reading from the engine.
    Read,
    /// Applying a group.
    Apply,
    /// Flushing it.
    Flush,
    /// Syncing it.
    Sync,
    /// Opening the engine again.
    Reopen,
    /// Writing bytes of a blob or of an upload.
    BlobWrite,
    /// Syncing an upload.
    BlobSync,
    /// Deleting a blob.
    BlobDelete,
}

/// Says at each point whether it fails this time.
pub trait FaultPlan: Send + Sync {
    /// The error to fail with, if any.
    fn at(&self, point: FaultPoint) -> Option<io::Error>;
}

/// Nothing fails on purpose.
#[derive(Clone, Copy, Debug)]
pub struct NoFaults;

impl FaultPlan for NoFaults {
    fn at(&self, _point: FaultPoint) -> Option<io::Error> {
        None
    }
}
