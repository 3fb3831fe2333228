//! Share links, for those who make them.

use crate::{
    http::{
        body::Body,
        conditional::IfMatch,
        cursor::{Page, Paging},
        reply::{Created, NoContent, Tagged},
    },
    problem::Answer,
    security::Auth,
    v1::{
        Tag,
        dto::share::{CreateShareLink, ShareLink, ShareLinkVisit, UpdateShareLink},
    },
};
use poem_openapi::{OpenApi, param::Path};
use service::{Service, share::ShareLinkView};
use uuid::Uuid;

/// Share links over a service.
pub struct SharesApi {
    service: Service,
}

impl SharesApi {
    /// Share links over this service.
    pub fn new(service: Service) -> Self {
        Self { service }
    }
}

fn shown(view: ShareLinkView) -> Tagged<ShareLink> {
    Tagged::counted(view.link.rev, view.into())
}

#[OpenApi(prefix_path = "/api/v1", tag = "Tag::Shares")]
impl SharesApi {
    /// List the share links of a project
    ///
    /// Editors and owners. Newest first, closed ones included.
    #[oai(path = "/projects/:project_id/share-links", method = "get", operation_id = "listShareLinks")]
    async fn list_share_links(
        &self,
        cx: Auth,
        project_id: Path<Uuid>,
        paging: Paging,
    ) -> Answer<Page<ShareLink>> {
        let found = self.service.list_share_links(&cx, project_id.0.into(), &paging.request()).await?;
        Ok(paging.page(found.items, found.next.as_deref()))
    }

    /// Make a share link
    ///
    /// Editors and owners. Whoever has it hears what it shows without an account, and may do what it says. It is good only while whoever
    /// made or last changed it may share.
    #[oai(path = "/projects/:project_id/share-links", method = "post", operation_id = "createShareLink")]
    async fn create_share_link(
        &self,
        cx: Auth,
        project_id: Path<Uuid>,
        body: Body<CreateShareLink>,
    ) -> Answer<Created<ShareLink>> {
        let done = self.service.create_share_link(&cx, project_id.0.into(), &body.0).await?;
        Ok(Created::done(done, |view| (format!("/api/v1/share-links/{}", view.link.row.id), shown(view))))
    }

    /// Read a share link
    ///
    /// Editors and owners.
    #[oai(path = "/share-links/:link_id", method = "get", operation_id = "getShareLink")]
    async fn get_share_link(&self, cx: Auth, link_id: Path<Uuid>) -> Answer<Tagged<ShareLink>> {
        Ok(shown(self.service.get_share_link(&cx, link_id.0.into()).await?))
    }

    /// Change a share link
    ///
    /// Editors and owners. What guests may do changes at once; a new password ends their sessions.
    #[oai(path = "/share-links/:link_id", method = "patch", operation_id = "updateShareLink")]
    async fn update_share_link(
        &self,
        cx: Auth,
        link_id: Path<Uuid>,
        if_match: IfMatch,
        body: Body<UpdateShareLink>,
    ) -> Answer<Tagged<ShareLink>> {
        Ok(shown(self.service.update_share_link(&cx, link_id.0.into(), if_match.0, &body.0).await?))
    }

    /// Close a share link
    ///
    /// Editors and owners, also in an archived project. Its guests are out at once, their streams end; what they wrote stays.
    #[oai(path = "/share-links/:link_id", method = "delete", operation_id = "revokeShareLink")]
    async fn revoke_share_link(&self, cx: Auth, link_id: Path<Uuid>, if_match: IfMatch) -> Answer<NoContent> {
        self.service.revoke_share_link(&cx, link_id.0.into(), if_match.0).await?;
        Ok(NoContent)
    }

    /// List who came by a share link
    ///
    /// Editors and owners. The last to come first.
    #[oai(path = "/share-links/:link_id/visits", method = "get", operation_id = "listShareLinkVisits")]
    async fn list_share_link_visits(
        &self,
        cx: Auth,
        link_id: Path<Uuid>,
        paging: Paging,
    ) -> Answer<Page<ShareLinkVisit>> {
        let found = self.service.list_share_link_visits(&cx, link_id.0.into(), &paging.request()).await?;
        Ok(paging.page(found.items, found.next.as_deref()))
    }
}
