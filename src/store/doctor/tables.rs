//! Every table with its types forgotten: how the doctor decodes a row and computes what follows from it.

use std::{any::Any, collections::BTreeSet, marker::PhantomData};

use super::{Sums, live_blob, tally::tally};
use crate::{
    Key, StoreError, Table, TableId,
    engine::Engine,
    record,
    table::{IndexEntry, IndexSink},
    tables as t,
    view::unreadable,
};
use model::BlobHash;

/// What follows from one row.
pub(super) struct Facts {
    /// The whole keys of its index entries; each leads to the row's key.
    pub(super) entries: Vec<Vec<u8>>,
    /// The blob whose content must be there.
    pub(super) blob: Option<(BlobHash, u64)>,
}

/// A table.
pub(super) trait Examiner {
    fn id(&self) -> TableId;
    /// Decodes a row; adds what it counts for.
    fn examine(&self, key: &[u8], value: &[u8], sums: &mut Sums) -> Result<Facts, &'static str>;
}

struct Of<T>(PhantomData<T>);

impl<T: Table> Examiner for Of<T> {
    fn id(&self) -> TableId {
        T::ID
    }

    fn examine(&self, key: &[u8], value: &[u8], sums: &mut Sums) -> Result<Facts, &'static str> {
        let typed = T::Key::from_bytes(key).map_err(|_| "the key does not have its shape")?;
        let row = record::decode::<T::Row>(value)?.row;
        tally(&row as &dyn Any, sums);
        let entries: BTreeSet<IndexEntry> = IndexSink::of::<T>(&row, &typed);
        let blob = (&row as &dyn Any).downcast_ref().and_then(|row| live_blob(key, row));
        Ok(Facts { entries: entries.into_iter().map(|entry| entry.key).collect(), blob })
    }
}

macro_rules! examiners {
    ($($table:ty),+ $(,)?) => { vec![$(Box::new(Of::<$table>(PhantomData)) as Box<dyn Examiner>),+] };
}

/// Every table of the catalogue (a test compares).
pub(super) fn all() -> Vec<Box<dyn Examiner>> {
    examiners![
        t::meta::Meta,
        t::audit::Audit,
        t::idempotency::Idempotency,
        t::instance::Instance,
        t::event::Events,
        t::activity::Feed,
        t::cursor::Cursors,
        t::cursor::Parked,
        t::blob::Blobs,
        t::blob::BlobsIdle,
        t::upload::Uploads,
        t::user::Users,
        t::credential::Credentials,
        t::preferences::Preferences,
        t::session::Sessions,
        t::api_token::ApiTokens,
        t::one_time_token::OneTimeTokens,
        t::last_seen::LastSeen,
        t::project::Projects,
        t::project::ProjectGates,
        t::member::Members,
        t::member::Removals,
        t::invitation::Invitations,
        t::invitation::Acceptances,
        t::share::ShareLinks,
        t::share::Guests,
        t::invitation::AccessRequests,
        t::star::Stars,
        t::track::Tracks,
        t::track::TrackSets,
        t::track::TrackPlaces,
        t::track::Faders,
        t::version::Versions,
        t::approval::Approvals,
        t::checkpoint::Checkpoints,
        t::checkpoint::CheckpointVersions,
        t::comment::CommentPlacements,
        t::comment::Comments,
        t::comment::CommentEdits,
        t::comment::Reactions,
        t::emotion::EmotionReadings,
        t::mood::Moods,
        t::mood::MoodBlocks,
        t::mood::MoodShares,
        t::mood::MoodVoices,
        t::mood::MoodsDue,
        t::rendition::Renditions,
        t::mixdown::Mixdowns,
        t::job::Jobs,
        t::job::JobsProgress,
        t::job::JobBeats,
        t::job::JobFiles,
    ]
}

/// Whether some row accounts for this index entry, which claims to lead to `primary`.
pub(super) fn accounts_for(engine: &dyn Engine, entry: &[u8], primary: &[u8]) -> Result<bool, StoreError> {
    for examiner in all() {
        let key = [&[examiner.id().byte()], primary].concat();
        let Some(value) = engine.get(&key).map_err(unreadable)? else { continue };
        let facts = examiner.examine(primary, &value, &mut Sums::default());
        if facts.is_ok_and(|facts| facts.entries.iter().any(|known| known == entry)) {
            return Ok(true);
        }
    }
    Ok(false)
}
