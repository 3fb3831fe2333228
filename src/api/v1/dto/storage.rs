//! Storage as JSON.

use poem_openapi::Object;
use uuid::Uuid;

/// How much a person stores.
#[derive(Clone, Debug, Object)]
#[oai(skip_serializing_if_is_none)]
pub struct Storage {
    /// Bytes stored, and reserved for open uploads.
    pub used_bytes: i64,
    /// Bytes allowed; absent = as many as there is room for.
    pub quota_bytes: Option<i64>,
    /// My projects that hold recordings, largest first. Their sizes count everybody's bytes, mine and others'.
    pub by_project: Vec<ProjectSize>,
}

/// How large a project is.
#[derive(Clone, Debug, Object)]
pub struct ProjectSize {
    /// Which.
    pub project_id: Uuid,
    /// Its name.
    pub name: String,
    /// Bytes of its versions, whoever uploaded them, trash included.
    pub size_bytes: i64,
}

impl From<service::storage::Storage> for Storage {
    fn from(storage: service::storage::Storage) -> Self {
        let size = |size: service::storage::ProjectSize| ProjectSize {
            project_id: size.project_id.uuid(),
            name: size.name,
            size_bytes: size.bytes,
        };
        Self {
            used_bytes: storage.used_bytes,
            quota_bytes: storage.quota_bytes.map(u64::cast_signed),
            by_project: storage.by_project.into_iter().map(size).collect(),
        }
    }
}
