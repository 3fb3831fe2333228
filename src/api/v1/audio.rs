//! Playing, downloading and showing a version.

use crate::{
    http::{
        body::Body,
        file::{Audio, Conditions, Disposition, FileReply, Octets, Representation, Source, StoredJson},
        reply::Reply,
    },
    problem::Answer,
    security::{Auth, MaybeAuth},
    v1::{
        Tag,
        dto::{
            account::preferences::Quality,
            audio::{Channels, CreateStreamUrl, DownloadFormat, StreamUrl, WaveformParams},
        },
    },
};
use model::ports::WaveformForm;
use poem_openapi::{
    OpenApi,
    param::{Path, Query},
};
use service::{Service, playback::Recording, waveform::Waveform};
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
    /// Members, and whoever has a link from `createStreamUrl`. Ranges and conditions as in RFC 9110.
    #[oai(path = "/versions/:version_id/stream", method = "get", operation_id = "streamVersion")]
    async fn stream_version(
        &self,
        cx: MaybeAuth,
        version_id: Path<Uuid>,
        /// How good the sound is to be; without it, the original if browsers play its format.
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
    /// Members. It plays this version for a while, and stops with the login it was made under.
    #[oai(path = "/versions/:version_id/stream-url", method = "post", operation_id = "createStreamUrl")]
    async fn create_stream_url(
        &self,
        cx: Auth,
        version_id: Path<Uuid>,
        body: Body<CreateStreamUrl>,
    ) -> Answer<Reply<StreamUrl>> {
        let (id, wanted) = (version_id.0.into(), body.0);
        Ok(Reply(self.service.create_stream_url(&cx, id, wanted.quality, wanted.ttl_s).await?.into()))
    }

    /// Download a version
    ///
    /// Editors and owners, and viewers where the project lets them.
    #[oai(path = "/versions/:version_id/download", method = "get", operation_id = "downloadVersion")]
    async fn download_version(
        &self,
        cx: Auth,
        version_id: Path<Uuid>,
        /// The form of the download.
        format: Query<Option<DownloadFormat>>,
        conditions: Conditions,
    ) -> Answer<FileReply<Audio>> {
        let DownloadFormat::Original = format.0.unwrap_or_default();
        let recording = self.service.download_version(&cx, version_id.0.into()).await?;
        Ok(FileReply::new(conditions, file(recording, Disposition::Attachment)))
    }

    /// Read a waveform as JSON
    ///
    /// Members. The JSON of audiowaveform, version 2.
    #[oai(path = "/versions/:version_id/waveform", method = "get", operation_id = "getWaveform")]
    #[expect(clippy::too_many_arguments, reason = "each is a parameter of the document")]
    async fn get_waveform(
        &self,
        cx: Auth,
        version_id: Path<Uuid>,
        /// At most so many pixels; picks the finest stored level that fits.
        width: Query<Option<i32>>,
        /// A stored level: 256 · 2^k. The default is 256.
        samples_per_pixel: Query<Option<i32>>,
        /// One mixed channel, or all of them.
        channels: Query<Option<Channels>>,
        /// Bits of a value: 8 or 16. The default is 8.
        bits: Query<Option<i32>>,
        /// The start of a window, in milliseconds.
        start_ms: Query<Option<i64>>,
        /// The end of a window, in milliseconds.
        end_ms: Query<Option<i64>>,
        conditions: Conditions,
    ) -> Answer<FileReply<StoredJson>> {
        let params = params(width, samples_per_pixel, channels, bits, start_ms, end_ms);
        let shown = self.waveform(&cx, version_id.0, params, WaveformForm::Json).await?;
        Ok(FileReply::new(conditions, shown))
    }

    /// Read a waveform in binary
    ///
    /// Members. The `.dat` of audiowaveform: version 1 for one channel, version 2 for more.
    #[oai(path = "/versions/:version_id/waveform.dat", method = "get", operation_id = "getWaveformDat")]
    #[expect(clippy::too_many_arguments, reason = "each is a parameter of the document")]
    async fn get_waveform_dat(
        &self,
        cx: Auth,
        version_id: Path<Uuid>,
        /// At most so many pixels; picks the finest stored level that fits.
        width: Query<Option<i32>>,
        /// A stored level: 256 · 2^k. The default is 256.
        samples_per_pixel: Query<Option<i32>>,
        /// One mixed channel, or all of them.
        channels: Query<Option<Channels>>,
        /// Bits of a value: 8 or 16. The default is 8.
        bits: Query<Option<i32>>,
        /// The start of a window, in milliseconds.
        start_ms: Query<Option<i64>>,
        /// The end of a window, in milliseconds.
        end_ms: Query<Option<i64>>,
        conditions: Conditions,
    ) -> Answer<FileReply<Octets>> {
        let params = params(width, samples_per_pixel, channels, bits, start_ms, end_ms);
        let shown = self.waveform(&cx, version_id.0, params, WaveformForm::Dat).await?;
        Ok(FileReply::new(conditions, shown))
    }

    /// Read a waveform as numbers from −1 to 1
    ///
    /// Members. `{duration, sample_rate, peaks}` with one array for each channel: minimum and maximum in turn, as wavesurfer.js takes it.
    #[oai(path = "/versions/:version_id/peaks", method = "get", operation_id = "getPeaks")]
    #[expect(clippy::too_many_arguments, reason = "each is a parameter of the document")]
    async fn get_peaks(
        &self,
        cx: Auth,
        version_id: Path<Uuid>,
        /// At most so many pixels; picks the finest stored level that fits.
        width: Query<Option<i32>>,
        /// A stored level: 256 · 2^k. The default is 256.
        samples_per_pixel: Query<Option<i32>>,
        /// One mixed channel, or all of them.
        channels: Query<Option<Channels>>,
        /// Bits of a value: 8 or 16. The default is 8.
        bits: Query<Option<i32>>,
        /// The start of a window, in milliseconds.
        start_ms: Query<Option<i64>>,
        /// The end of a window, in milliseconds.
        end_ms: Query<Option<i64>>,
        conditions: Conditions,
    ) -> Answer<FileReply<StoredJson>> {
        let params = params(width, samples_per_pixel, channels, bits, start_ms, end_ms);
        let shown = self.waveform(&cx, version_id.0, params, WaveformForm::Peaks).await?;
        Ok(FileReply::new(conditions, shown))
    }
}

impl AudioApi {
    async fn waveform(
        &self,
        cx: &Auth,
        version: Uuid,
        params: WaveformParams,
        form: WaveformForm,
    ) -> Answer<Representation> {
        let Waveform { bytes, tag, modified } =
            self.service.waveform(cx, version.into(), params.parse()?, form).await?;
        let (content_type, name) = match form {
            WaveformForm::Dat => ("application/octet-stream", "waveform.dat"),
            WaveformForm::Json => ("application/json", "waveform.json"),
            WaveformForm::Peaks => ("application/json", "peaks.json"),
        };
        Ok(Representation {
            length: bytes.len() as u64,
            source: Source::Memory(bytes),
            tag,
            modified,
            content_type: content_type.to_owned(),
            disposition: Disposition::Inline(name.to_owned()),
        })
    }
}

fn params(
    width: Query<Option<i32>>,
    samples_per_pixel: Query<Option<i32>>,
    channels: Query<Option<Channels>>,
    bits: Query<Option<i32>>,
    start_ms: Query<Option<i64>>,
    end_ms: Query<Option<i64>>,
) -> WaveformParams {
    WaveformParams {
        width: width.0,
        samples_per_pixel: samples_per_pixel.0,
        channels: channels.0,
        bits: bits.0,
        start_ms: start_ms.0,
        end_ms: end_ms.0,
    }
}

fn file(recording: Recording, disposition: fn(String) -> Disposition) -> Representation {
    Representation {
        source: Source::File(Arc::new(recording.file)),
        length: recording.size_bytes,
        tag: hex::encode(recording.sha256),
        modified: recording.modified,
        content_type: recording.content_type,
        disposition: disposition(recording.filename.to_string()),
    }
}
