//! The trash of a project as JSON.

use super::Time;
use poem_openapi::Object;
use service::project::{TrashItem as Item, TrashedThing};
use uuid::Uuid;

/// Something that was deleted and can be restored.
#[derive(Clone, Debug, Object)]
#[oai(skip_serializing_if_is_none)]
pub struct TrashItem {
    /// `track`, `version` or `checkpoint`; more kinds will come.
    pub r#type: String,
    /// Its id.
    pub id: Uuid,
    /// The track's name, the version's label or file name, or the checkpoint's name.
    pub title: String,
    /// The track, of a version.
    pub track_id: Option<Uuid>,
    /// The number, of a version.
    pub number: Option<i64>,
    /// When it was deleted.
    pub deleted_at: Time,
    /// By whom.
    pub deleted_by: Uuid,
}

impl From<Item> for TrashItem {
    fn from(item: Item) -> Self {
        let (deleted_at, deleted_by) = (item.deleted_at.into(), item.deleted_by.uuid());
        match item.thing {
            TrashedThing::Track(track) => Self {
                r#type: "track".to_owned(),
                id: track.id.uuid(),
                title: track.name.to_string(),
                track_id: None,
                number: None,
                deleted_at,
                deleted_by,
            },
            TrashedThing::Version(version) => Self {
                r#type: "version".to_owned(),
                id: version.id.uuid(),
                title: version.label.map_or_else(|| version.filename.to_string(), |label| label.to_string()),
                track_id: Some(version.track_id.uuid()),
                number: Some(version.number),
                deleted_at,
                deleted_by,
            },
            TrashedThing::Checkpoint(checkpoint) => Self {
                r#type: "checkpoint".to_owned(),
                id: checkpoint.id.uuid(),
                title: checkpoint.name.to_string(),
                track_id: None,
                number: None,
                deleted_at,
                deleted_by,
            },
        }
    }
}
