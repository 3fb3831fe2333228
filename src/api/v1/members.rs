//! Who belongs to a project: members, their parts, a new owner, whom to mention.

use crate::{
    http::{
        body::Body,
        conditional::IfMatch,
        cursor::{Page, Paging},
        reply::{NoContent, Reply, Tagged},
    },
    problem::Answer,
    security::Auth,
    v1::{
        Tag,
        dto::member::{MentionableList, ProjectMember, TransferOwnership, UpdateMember},
    },
};
use poem_openapi::{
    OpenApi,
    param::{Path, Query},
};
use service::{Service, member::MemberView};
use uuid::Uuid;

/// Members over a service.
pub struct MembersApi {
    service: Service,
}

impl MembersApi {
    /// Members over this service.
    pub fn new(service: Service) -> Self {
        Self { service }
    }
}

/// The answer that shows a member; when they were last seen is no part of the revision.
pub(super) fn shown(view: MemberView) -> Tagged<ProjectMember> {
    Tagged::counted(view.member.rev, view.into())
}

#[OpenApi(prefix_path = "/api/v1/projects", tag = "Tag::Members")]
impl MembersApi {
    /// List the members of a project
    ///
    /// Members.
    #[oai(path = "/:project_id/members", method = "get", operation_id = "listMembers")]
    async fn list_members(
        &self,
        cx: Auth,
        project_id: Path<Uuid>,
        paging: Paging,
    ) -> Answer<Page<ProjectMember>> {
        let found = self.service.list_members(&cx, project_id.0.into(), &paging.request()).await?;
        Ok(paging.page(found.items, found.next.as_deref()))
    }

    /// Change the part of a member
    ///
    /// Owners. 409 `last_owner` where nobody would own the project any more.
    #[oai(path = "/:project_id/members/:user_id", method = "patch", operation_id = "updateMember")]
    async fn update_member(
        &self,
        cx: Auth,
        project_id: Path<Uuid>,
        user_id: Path<Uuid>,
        if_match: IfMatch,
        body: Body<UpdateMember>,
    ) -> Answer<Tagged<ProjectMember>> {
        let (project, user) = (project_id.0.into(), user_id.0.into());
        Ok(shown(self.service.update_member(&cx, project, user, if_match.0, body.0).await?))
    }

    /// Remove a member, or leave
    ///
    /// Owners; everybody for themselves. Streams, links and uploads of theirs in this project end within a second. 409
    /// `last_owner` where nobody would own the project any more.
    #[oai(path = "/:project_id/members/:user_id", method = "delete", operation_id = "removeMember")]
    async fn remove_member(
        &self,
        cx: Auth,
        project_id: Path<Uuid>,
        user_id: Path<Uuid>,
    ) -> Answer<NoContent> {
        self.service.remove_member(&cx, project_id.0.into(), user_id.0.into()).await?;
        Ok(NoContent)
    }

    /// Hand a project over
    ///
    /// Owners. The other member becomes an owner, you stay as an editor.
    #[oai(path = "/:project_id/transfer", method = "post", operation_id = "transferOwnership")]
    async fn transfer_ownership(
        &self,
        cx: Auth,
        project_id: Path<Uuid>,
        body: Body<TransferOwnership>,
    ) -> Answer<Tagged<ProjectMember>> {
        Ok(shown(self.service.transfer_ownership(&cx, project_id.0.into(), body.0).await?))
    }

    /// List whom you can mention
    ///
    /// Members. For autocompletion after `@`: groups first, then members by name; at most 20.
    #[oai(path = "/:project_id/mentionables", method = "get", operation_id = "listMentionables")]
    async fn list_mentionables(
        &self,
        cx: Auth,
        project_id: Path<Uuid>,
        /// How the handle or a word of the name begins.
        q: Query<Option<String>>,
    ) -> Answer<Reply<MentionableList>> {
        Ok(Reply(self.service.list_mentionables(&cx, project_id.0.into(), q.0.as_deref()).await?.into()))
    }
}
