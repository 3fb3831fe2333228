//! Waveforms: one stored pyramid in three forms, which are three operations with the same parameters.

use crate::{
    http::file::{Conditions, Disposition, FileReply, Octets, Representation, Source, StoredJson},
    problem::Answer,
    security::GuestAuth,
    v1::{
        Tag,
        dto::audio::{Channels, WaveformParams},
    },
};
use model::ports::WaveformForm;
use poem_openapi::{
    OpenApi,
    param::{Path, Query},
};
use service::{Ctx, Service, waveform::Waveform};
use uuid::Uuid;

macro_rules! waveform {
    ($(#[doc = $doc:tt])+ $api:ident: $path:tt $id:tt $form:ident $media:ident;) => {
        /// One form of the waveform, over a service.
        pub struct $api(pub Service);

        #[OpenApi(prefix_path = "/api/v1", tag = "Tag::Audio")]
        impl $api {
            $(#[doc = $doc])+
            #[oai(path = $path, method = "get", operation_id = $id)]
            #[expect(clippy::too_many_arguments, reason = "each is a parameter of the document")]
            async fn show(
                &self,
                cx: GuestAuth,
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
            ) -> Answer<FileReply<$media>> {
                let params = WaveformParams {
                    width: width.0,
                    samples_per_pixel: samples_per_pixel.0,
                    channels: channels.0,
                    bits: bits.0,
                    start_ms: start_ms.0,
                    end_ms: end_ms.0,
                };
                let shown = show(&self.0, &cx, version_id.0, params, WaveformForm::$form).await?;
                Ok(FileReply::new(conditions, shown))
            }
        }
    };
}

waveform! {
    /// Read a waveform as JSON
    ///
    /// Members, and guests of a share link. The JSON of audiowaveform, version 2.
    WaveformApi: "/versions/:version_id/waveform" "getWaveform" Json StoredJson;
}

waveform! {
    /// Read a waveform in binary
    ///
    /// Members, and guests of a share link. The `.dat` of audiowaveform: version 1 for one channel, version 2 for more.
    WaveformDatApi: "/versions/:version_id/waveform.dat" "getWaveformDat" Dat Octets;
}

waveform! {
    /// Read a waveform as numbers from −1 to 1
    ///
    /// Members, and guests of a share link. `{duration, sample_rate, peaks}` with one array for each channel: minimum and maximum in turn, as wavesurfer.js takes it.
    PeaksApi: "/versions/:version_id/peaks" "getPeaks" Peaks StoredJson;
}

async fn show(
    service: &Service,
    cx: &Ctx,
    version: Uuid,
    params: WaveformParams,
    form: WaveformForm,
) -> Answer<Representation> {
    let Waveform { bytes, tag, modified } =
        service.waveform(cx, version.into(), params.parse()?, form).await?;
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
