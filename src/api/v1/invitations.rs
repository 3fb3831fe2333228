//! How people come into a project: invitations by e-mail and by link, and requests of people who ask.

use crate::{
    http::{
        body::Body,
        cursor::{Page, Paging},
        reply::{Accepted, Created, NoContent, Reply, Tagged},
    },
    problem::Answer,
    security::{Anonymous, Auth},
    v1::{
        Tag,
        dto::{
            invitation::{
                AccessRequest, CreateInvitation, DecideAccessRequest, Invitation, InvitationList,
                InvitationPreview, RequestAccess,
            },
            member::ProjectMember,
        },
        members,
    },
};
use poem_openapi::{OpenApi, param::Path};
use service::{Service, invitation::InvitationView};
use uuid::Uuid;

/// Invitations over a service.
pub struct InvitationsApi {
    service: Service,
}

impl InvitationsApi {
    /// Invitations over this service.
    pub fn new(service: Service) -> Self {
        Self { service }
    }
}

fn shown(view: InvitationView) -> Tagged<Invitation> {
    Tagged::counted(view.invitation.rev, view.into())
}

#[OpenApi(prefix_path = "/api/v1", tag = "Tag::Members")]
impl InvitationsApi {
    /// List the invitations into a project
    ///
    /// Owners. Newest first, whatever became of them; those that can be accepted have their link.
    #[oai(path = "/projects/:project_id/invitations", method = "get", operation_id = "listInvitations")]
    async fn list_invitations(
        &self,
        cx: Auth,
        project_id: Path<Uuid>,
        paging: Paging,
    ) -> Answer<Page<Invitation>> {
        let found = self.service.list_invitations(&cx, project_id.0.into(), &paging.request()).await?;
        Ok(paging.page(found.items, found.next.as_deref()))
    }

    /// Invite somebody
    ///
    /// Owners. One person by e-mail, or a link for whoever has it. `url` is yours to hand on, whether or not the server sends mail.
    #[oai(path = "/projects/:project_id/invitations", method = "post", operation_id = "createInvitation")]
    async fn create_invitation(
        &self,
        cx: Auth,
        project_id: Path<Uuid>,
        body: Body<CreateInvitation>,
    ) -> Answer<Created<Invitation>> {
        let done = self.service.create_invitation(&cx, project_id.0.into(), &body.0).await?;
        Ok(Created::done(done, |view| {
            (format!("/api/v1/projects/{}/invitations", project_id.0), shown(view))
        }))
    }

    /// Send an invitation again
    ///
    /// Owners. It is good for another 14 days, also one that has lapsed, and mailed again if it went by e-mail.
    #[oai(
        path = "/projects/:project_id/invitations/:invitation_id/resend",
        method = "post",
        operation_id = "resendInvitation"
    )]
    async fn resend_invitation(
        &self,
        cx: Auth,
        project_id: Path<Uuid>,
        invitation_id: Path<Uuid>,
    ) -> Answer<Accepted<Invitation>> {
        let (project, id) = (project_id.0.into(), invitation_id.0.into());
        Ok(Accepted(self.service.resend_invitation(&cx, project, id).await?.into()))
    }

    /// Take an invitation back
    ///
    /// Owners. Nobody can accept it from now on; members who came by it stay.
    #[oai(
        path = "/projects/:project_id/invitations/:invitation_id",
        method = "delete",
        operation_id = "revokeInvitation"
    )]
    async fn revoke_invitation(
        &self,
        cx: Auth,
        project_id: Path<Uuid>,
        invitation_id: Path<Uuid>,
    ) -> Answer<NoContent> {
        self.service.revoke_invitation(&cx, project_id.0.into(), invitation_id.0.into()).await?;
        Ok(NoContent)
    }

    /// Look at an invitation
    ///
    /// Whoever has its token.
    #[oai(path = "/invitations/:token", method = "get", operation_id = "previewInvitation")]
    async fn preview_invitation(
        &self,
        cx: Anonymous,
        token: Path<String>,
    ) -> Answer<Reply<InvitationPreview>> {
        Ok(Reply(self.service.preview_invitation(&cx, &token.0).await?.into()))
    }

    /// Accept an invitation
    ///
    /// Whoever is logged in and has its token; one by e-mail only with that address.
    #[oai(path = "/invitations/:token/accept", method = "post", operation_id = "acceptInvitation")]
    async fn accept_invitation(&self, cx: Auth, token: Path<String>) -> Answer<Tagged<ProjectMember>> {
        Ok(members::shown(self.service.accept_invitation(&cx, &token.0).await?))
    }

    /// Decline an invitation
    ///
    /// Whoever is logged in and has its token. A link stays good for others.
    #[oai(path = "/invitations/:token/decline", method = "post", operation_id = "declineInvitation")]
    async fn decline_invitation(&self, cx: Auth, token: Path<String>) -> Answer<NoContent> {
        self.service.decline_invitation(&cx, &token.0).await?;
        Ok(NoContent)
    }

    /// List invitations that wait for me
    ///
    /// Anybody who is logged in: those for your e-mail address, once you have proven it.
    #[oai(path = "/me/invitations", method = "get", operation_id = "listMyInvitations")]
    async fn list_my_invitations(&self, cx: Auth) -> Answer<Reply<InvitationList>> {
        Ok(Reply(self.service.list_my_invitations(&cx).await?.into()))
    }

    /// Ask to be let into a project
    ///
    /// Anybody who is logged in, where the project's `access_requests` says so; 404 everywhere else.
    #[oai(path = "/projects/:project_id/access-requests", method = "post", operation_id = "requestAccess")]
    async fn request_access(
        &self,
        cx: Auth,
        project_id: Path<Uuid>,
        body: Body<RequestAccess>,
    ) -> Answer<Accepted<AccessRequest>> {
        let asked = self.service.request_access(&cx, project_id.0.into(), body.0.as_ref()).await?;
        Ok(Accepted(asked.into()))
    }

    /// List who asked to be let in
    ///
    /// Owners.
    #[oai(
        path = "/projects/:project_id/access-requests",
        method = "get",
        operation_id = "listAccessRequests"
    )]
    async fn list_access_requests(
        &self,
        cx: Auth,
        project_id: Path<Uuid>,
        paging: Paging,
    ) -> Answer<Page<AccessRequest>> {
        let found = self.service.list_access_requests(&cx, project_id.0.into(), &paging.request()).await?;
        Ok(paging.page(found.items, found.next.as_deref()))
    }

    /// Decide on a request
    ///
    /// Owners.
    #[oai(
        path = "/projects/:project_id/access-requests/:request_id/decide",
        method = "post",
        operation_id = "decideAccessRequest"
    )]
    async fn decide_access_request(
        &self,
        cx: Auth,
        project_id: Path<Uuid>,
        request_id: Path<Uuid>,
        body: Body<DecideAccessRequest>,
    ) -> Answer<Reply<AccessRequest>> {
        let (project, id) = (project_id.0.into(), request_id.0.into());
        Ok(Reply(self.service.decide_access_request(&cx, project, id, body.0).await?.into()))
    }
}
