//! Backups of the whole instance, for those who run it.

use crate::{
    http::{
        body::Body,
        cursor::{Page, Paging},
        file::{Conditions, Disposition, FileReply, Representation, Source, Tar},
        reply::{Accepted, NoContent},
    },
    problem::Answer,
    security::Auth,
    v1::{
        Tag,
        dto::{
            account::login::Notice,
            backup::{Backup, CreateBackup},
            job::Job,
        },
    },
};
use poem_openapi::{OpenApi, param::Path};
use service::{
    Error, Service,
    backup::{BackupFile, BackupName},
};
use std::sync::Arc;

/// The operations on backups.
pub struct BackupsApi {
    service: Service,
}

impl BackupsApi {
    /// Over a service.
    pub fn new(service: Service) -> Self {
        Self { service }
    }
}

#[OpenApi(prefix_path = "/api/v1/admin", tag = "Tag::Admin")]
impl BackupsApi {
    /// List backups
    ///
    /// Administrators. Newest first.
    #[oai(path = "/backups", method = "get", operation_id = "adminListBackups")]
    async fn admin_list_backups(&self, cx: Auth, paging: Paging) -> Answer<Page<Backup>> {
        let page = self.service.admin_list_backups(&cx, &paging.request()).await?;
        Ok(paging.page(page.items, page.next.as_deref()))
    }

    /// Make a backup
    ///
    /// Administrators. A job writes it while the server goes on: the state of one moment, whose last event the `seq` of the
    /// job's `result` names.
    #[oai(path = "/backups", method = "post", operation_id = "adminCreateBackup")]
    async fn admin_create_backup(&self, cx: Auth, body: Body<CreateBackup>) -> Answer<Accepted<Job>> {
        Ok(Accepted(self.service.admin_create_backup(&cx, body.0).await?.into()))
    }

    /// Download a backup
    ///
    /// Administrators. A tar file, for `backline backup restore`. It holds everything that is stored, also password hashes:
    /// keep it as safe as the server. Ranges and conditions as in RFC 9110.
    #[oai(path = "/backups/:name", method = "get", operation_id = "adminDownloadBackup")]
    async fn admin_download_backup(
        &self,
        cx: Auth,
        name: Path<String>,
        conditions: Conditions,
    ) -> Answer<FileReply<Tar>> {
        let backup = self.service.admin_download_backup(&cx, parse(&name)?).await?;
        Ok(FileReply::new(conditions, file(backup)))
    }

    /// Restore a backup
    ///
    /// Administrators. The server lets requests and jobs end, puts the backup in the place of everything that is stored, and starts again:
    /// 503 or no answer meanwhile. Everybody logs in again, clients read everything again. What was there before is kept on the
    /// server's disk.
    #[oai(path = "/backups/:name/restore", method = "post", operation_id = "adminRestoreBackup")]
    async fn admin_restore_backup(&self, cx: Auth, name: Path<String>) -> Answer<Accepted<Notice>> {
        self.service.admin_restore_backup(&cx, parse(&name)?).await?;
        Ok(Accepted(Notice::new("The server restarts with the backup.")))
    }

    /// Delete a backup
    ///
    /// Administrators.
    #[oai(path = "/backups/:name", method = "delete", operation_id = "adminDeleteBackup")]
    async fn admin_delete_backup(&self, cx: Auth, name: Path<String>) -> Answer<NoContent> {
        self.service.admin_delete_backup(&cx, parse(&name)?).await?;
        Ok(NoContent)
    }
}

fn parse(name: &str) -> Answer<BackupName> {
    Ok(BackupName::parse(name).ok_or(Error::NotFound("backup"))?)
}

fn file(backup: BackupFile) -> Representation {
    Representation {
        tag: backup.tag(),
        length: backup.view.bytes,
        modified: backup.view.manifest.at,
        content_type: "application/x-tar".to_owned(),
        disposition: Disposition::Attachment(backup.view.name.as_str().to_owned()),
        source: Source::File(Arc::new(backup.file)),
    }
}
