//! The instance as those see it who run it: settings, mail, figures, jobs, the audit log.

use crate::{
    http::{
        body::Body,
        conditional::IfMatch,
        cursor::{Page, Paging},
        reply::{Accepted, Reply, Tagged},
    },
    problem::Answer,
    security::Auth,
    v1::{
        Tag,
        dto::{
            Time,
            admin::{AuditEntry, InstanceSettings, InstanceStats, MailTest, TestMail, UpdateSettings},
            job::{Job, JobState},
        },
    },
};
use poem_openapi::{
    OpenApi,
    param::{Path, Query},
};
use service::{Service, audit_log::AuditFilter, job_admin::JobFilter};
use uuid::Uuid;

/// The instance over a service.
pub struct InstanceApi {
    service: Service,
}

impl InstanceApi {
    /// The instance over this service.
    pub fn new(service: Service) -> Self {
        Self { service }
    }
}

fn shown(settings: service::instance_admin::InstanceSettings) -> Tagged<InstanceSettings> {
    Tagged::counted(settings.revision, settings.into())
}

#[OpenApi(prefix_path = "/api/v1/admin", tag = "Tag::Admin")]
impl InstanceApi {
    /// Read the settings of the instance
    ///
    /// Administrators. `configured` names what the configuration of the server decides.
    #[oai(path = "/settings", method = "get", operation_id = "adminGetSettings")]
    async fn admin_get_settings(&self, cx: Auth) -> Answer<Tagged<InstanceSettings>> {
        Ok(shown(self.service.admin_get_settings(&cx).await?))
    }

    /// Change the settings of the instance
    ///
    /// Administrators. Null goes back to the default; what the configuration decides is changed there.
    #[oai(path = "/settings", method = "patch", operation_id = "adminUpdateSettings")]
    async fn admin_update_settings(
        &self,
        cx: Auth,
        if_match: IfMatch,
        body: Body<UpdateSettings>,
    ) -> Answer<Tagged<InstanceSettings>> {
        Ok(shown(self.service.admin_update_settings(&cx, if_match.0, &body.0).await?))
    }

    /// Try out the mail server
    ///
    /// Administrators. Sends one message and waits for what the mail server says to it; 409 where none is configured.
    #[oai(path = "/mail/test", method = "post", operation_id = "adminTestMail")]
    async fn admin_test_mail(&self, cx: Auth, body: Body<TestMail>) -> Answer<Reply<MailTest>> {
        Ok(Reply(self.service.admin_test_mail(&cx, &body.0).await?.into()))
    }

    /// Count what there is
    ///
    /// Administrators. Accounts, projects, recordings, stored bytes, room on the disk, jobs.
    #[oai(path = "/stats", method = "get", operation_id = "adminGetStats")]
    async fn admin_get_stats(&self, cx: Auth) -> Answer<Reply<InstanceStats>> {
        Ok(Reply(self.service.admin_get_stats(&cx).await?.into()))
    }

    /// List the jobs of the instance
    ///
    /// Administrators. Newest first; those of one state with the last to change first.
    #[oai(path = "/jobs", method = "get", operation_id = "adminListJobs")]
    async fn admin_list_jobs(
        &self,
        cx: Auth,
        /// Only these.
        state: Query<Option<JobState>>,
        /// Only of this kind, such as `version.process`.
        #[oai(validator(max_length = 100))]
        kind: Query<Option<String>>,
        paging: Paging,
    ) -> Answer<Page<Job>> {
        let filter = JobFilter { state: state.0.map(Into::into), kind: kind.0 };
        let page = self.service.admin_list_jobs(&cx, &filter, &paging.request()).await?;
        Ok(paging.page(page.items, page.next.as_deref()))
    }

    /// Try a job again
    ///
    /// Administrators. One that failed or was called off.
    #[oai(path = "/jobs/:job_id/retry", method = "post", operation_id = "adminRetryJob")]
    async fn admin_retry_job(&self, cx: Auth, job_id: Path<Uuid>) -> Answer<Accepted<Job>> {
        Ok(Accepted(self.service.admin_retry_job(&cx, job_id.0.into()).await?.into()))
    }

    /// List the audit log
    ///
    /// Administrators. Newest first: who did what to whom. Each entry holds the hash of the one before; `backline doctor` says where one
    /// was changed. A page of a rare filter may be short and still have a next one.
    #[oai(path = "/audit", method = "get", operation_id = "adminListAudit")]
    #[expect(clippy::too_many_arguments, reason = "each is a parameter of the contract")]
    async fn admin_list_audit(
        &self,
        cx: Auth,
        /// By this person or guest.
        actor: Query<Option<Uuid>>,
        /// This act, such as `user.changed`, or an area: `share_link.*`.
        #[oai(validator(max_length = 100))]
        action: Query<Option<String>>,
        /// Done to the thing with this id.
        target: Query<Option<Uuid>>,
        /// Not before this instant.
        from: Query<Option<Time>>,
        /// Before this instant.
        to: Query<Option<Time>>,
        paging: Paging,
    ) -> Answer<Page<AuditEntry>> {
        let filter = AuditFilter {
            actor: actor.0,
            action: action.0,
            target: target.0,
            from: from.0.map(|time| time.0),
            to: to.0.map(|time| time.0),
        };
        let page = self.service.admin_list_audit(&cx, &filter, &paging.request()).await?;
        Ok(paging.page(page.items, page.next.as_deref()))
    }
}
