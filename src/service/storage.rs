//! How much a person stores.

use crate::{Ctx, Error, Result, Service};
use model::ProjectId;
use store::tables::{
    counters::{ProjectBytes, UsedBytes},
    user::Users,
};

/// How much a person stores, and where bytes lie.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Storage {
    /// Bytes the person stores or has reserved for open uploads.
    pub used_bytes: i64,
    /// Bytes the person may store; absent = as many as there is room for.
    pub quota_bytes: Option<u64>,
    /// The person's projects that hold bytes, largest first.
    pub by_project: Vec<ProjectSize>,
}

/// How large a project is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProjectSize {
    /// Which.
    pub project_id: ProjectId,
    /// Its name.
    pub name: String,
    /// Bytes of its versions, whoever uploaded them, trash included.
    pub bytes: i64,
}

impl Service {
    /// How much the caller stores, and how large their projects are.
    ///
    /// # Errors
    /// `Unauthenticated`.
    pub async fn get_my_storage(&self, cx: &Ctx) -> Result<Storage> {
        let user_id = cx.user_id()?;
        let user = self.store().get::<Users>(&user_id).await?.ok_or(Error::Unauthenticated)?;
        let projects = self.projects_of(cx).await?;
        let ids: Vec<ProjectId> = projects.iter().map(|known| known.project.row.id).collect();
        let bytes = self.store().count_many::<ProjectBytes>(&ids).await?;
        let mut by_project: Vec<ProjectSize> = projects
            .into_iter()
            .zip(bytes)
            .filter(|(_, bytes)| *bytes > 0)
            .map(|(known, bytes)| ProjectSize {
                project_id: known.project.row.id,
                name: known.project.row.name.to_string(),
                bytes,
            })
            .collect();
        by_project.sort_by_key(|size| (-size.bytes, size.project_id));
        let quota_bytes = match user.row.quota_bytes {
            Some(bytes) => Some(bytes),
            None => self.default_quota().await?,
        };
        Ok(Storage { used_bytes: self.store().count::<UsedBytes>(&user_id).await?, quota_bytes, by_project })
    }
}
