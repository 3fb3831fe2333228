//! Playing and downloading a version, in this form or that.

use crate::{
    http::{
        body::Body,
        cursor::{Page, Paging},
        file::{Audio, Conditions, Disposition, FileReply, Representation, Source},
        reply::{Accepted, Reply, Tagged},
    },
    problem::Answer,
    security::{Auth, GuestAuth, MaybeGuestAuth},
    v1::{
        Tag,
        dto::{
            account::preferences::Quality,
            analysis::Analysis,
            audio::{CreateStreamUrl, StreamUrl},
            job::Job,
            rendition::{BitDepth, CreateRendition, DownloadFormat, Rendition},
        },
    },
};
use poem_openapi::{
    OpenApi,
    param::{Path, Query},
};
use service::{Service, playback::Recording};
use std::sync::Arc;
use uuid::Uuid;

/// The operations on recordings and waveforms.
pub struct AudioApi {
    service: Service,
}

impl AudioApi {
    /// Over a service.
    pub fn new(service: Service) -> Self {
        Self { service }
    }
}

#[OpenApi(prefix_path = "/api/v1", tag = "Tag::Audio")]
impl AudioApi {
    /// Play a version
    ///
    /// Members, guests of a share link, and whoever has a link from `createStreamUrl`. Ranges and conditions as in RFC 9110. What is not made yet answers `processing`
    /// with its job, which is started once.
    #[oai(path = "/versions/:version_id/stream", method = "get", operation_id = "streamVersion")]
    async fn stream_version(
        &self,
        cx: MaybeGuestAuth,
        version_id: Path<Uuid>,
        /// How good the sound is to be at most; without it, the original if browsers play its format, else its preview.
        quality: Query<Option<Quality>>,
        /// The signed part of a link, instead of a bearer token.
        token: Query<Option<String>>,
        conditions: Conditions,
    ) -> Answer<FileReply<Audio>> {
        let (id, quality) = (version_id.0.into(), quality.0.map(Into::into));
        let recording = self.service.play(&cx, id, quality, token.0.as_deref()).await?;
        Ok(FileReply::new(conditions, file(recording, Disposition::Inline)))
    }

    /// Make a link for `<audio>`
    ///
    /// Members, and guests of a share link. It plays this version for a while, and stops with the login it was made under.
    #[oai(path = "/versions/:version_id/stream-url", method = "post", operation_id = "createStreamUrl")]
    async fn create_stream_url(
        &self,
        cx: GuestAuth,
        version_id: Path<Uuid>,
        body: Body<CreateStreamUrl>,
    ) -> Answer<Reply<StreamUrl>> {
        let (id, wanted) = (version_id.0.into(), body.0);
        Ok(Reply(self.service.create_stream_url(&cx, id, wanted.quality, wanted.ttl_s).await?.into()))
    }

    /// Download a version
    ///
    /// Editors and owners, viewers where the project lets them, guests where their link does. What is not made yet answers `processing` with its job, which is started once.
    #[oai(path = "/versions/:version_id/download", method = "get", operation_id = "downloadVersion")]
    async fn download_version(
        &self,
        cx: GuestAuth,
        version_id: Path<Uuid>,
        /// The form of the download; without it, as it was uploaded.
        format: Query<Option<DownloadFormat>>,
        /// Bits of a sample, for WAV and FLAC; without it, as many as the recording has.
        bit_depth: Query<Option<BitDepth>>,
        conditions: Conditions,
    ) -> Answer<FileReply<Audio>> {
        let form = format.0.unwrap_or_default().with(bit_depth.0);
        let recording = self.service.download_version(&cx, version_id.0.into(), form).await?;
        Ok(FileReply::new(conditions, file(recording, Disposition::Attachment)))
    }

    /// Read what was measured of a version
    ///
    /// Members, and guests of a share link. Loudness over time, silence, clipping, tempo and key.
    #[oai(path = "/versions/:version_id/analysis", method = "get", operation_id = "getAnalysis")]
    async fn get_analysis(&self, cx: GuestAuth, version_id: Path<Uuid>) -> Answer<Tagged<Analysis>> {
        let found = self.service.get_analysis(&cx, version_id.0.into()).await?;
        // Measured once: the tag is that of its content.
        Ok(Tagged::counted(1, found.into()))
    }

    /// Ask for a recording in another form
    ///
    /// Editors and owners. Asking twice gives the same rendition; its file is found by `getJobResult` or by the download of that form.
    #[oai(path = "/versions/:version_id/renditions", method = "post", operation_id = "createRendition")]
    async fn create_rendition(
        &self,
        cx: Auth,
        version_id: Path<Uuid>,
        body: Body<CreateRendition>,
    ) -> Answer<Accepted<Job>> {
        Ok(Accepted(self.service.create_rendition(&cx, version_id.0.into(), body.0).await?.into()))
    }

    /// List the other forms of a recording
    ///
    /// Members.
    #[oai(path = "/versions/:version_id/renditions", method = "get", operation_id = "listRenditions")]
    async fn list_renditions(
        &self,
        cx: Auth,
        version_id: Path<Uuid>,
        paging: Paging,
    ) -> Answer<Page<Rendition>> {
        let page = self.service.list_renditions(&cx, version_id.0.into(), &paging.request()).await?;
        let items = page.items.iter().map(|row| Rendition::of(version_id.0, row));
        Ok(paging.page(items.collect::<Vec<_>>(), page.next.as_deref()))
    }
}

/// A recording as a file that is sent.
pub(super) fn file(recording: Recording, disposition: fn(String) -> Disposition) -> Representation {
    Representation {
        source: Source::File(Arc::new(recording.file)),
        length: recording.size_bytes,
        tag: hex::encode(recording.sha256),
        modified: recording.modified,
        content_type: recording.content_type,
        disposition: disposition(recording.filename),
    }
}
