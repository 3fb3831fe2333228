//! Versions on a store in memory: made, processed, chosen, described, thrown away.

use super::*;
use crate::{
    Done,
    page::PageRequest,
    playback::DownloadForm,
    stage::{Stage, a_project, keyed, later},
    upload::NewUpload,
    version_create::{Carry, NewVersion},
    version_list::VersionFilter,
    version_process::{Derived, Findings, VersionInput},
};
use bytes::Bytes;
use futures::stream;
use model::{
    ProjectId, UploadId,
    access::Role,
    job::{JobFailure, JobState},
    media::MediaFacts,
    ports::{AudioAnalysis, WaveformBits, WaveformChannels, WaveformForm, WaveformQuery, Zoom},
    text::FileName,
    version::VersionStatus,
};
use sha2::{Digest, Sha256};
use store::tables::{
    blob::{BlobRow, BlobState, Refs},
    counters::{Locks, ProjectBytes, UsedBytes},
};

const SOUND: &[u8] = b"RIFF sound";

/// Ada, her project and a track of it.
pub(crate) struct Band {
    stage: Stage,
    pub(crate) ada: Ctx,
    song: ProjectId,
    track: TrackId,
}

impl Band {
    async fn new() -> Self {
        let stage = Stage::new();
        let ada = stage.person("ada").await;
        Self::of(stage, ada).await
    }

    pub(crate) async fn of(stage: Stage, ada: Ctx) -> Self {
        let made = stage.service.create_project(&ada, &a_project("Song")).await.unwrap();
        let song = made.into_inner().project.row.id;
        let track = stage.track(&ada, song).await;
        Self { stage, ada, song, track }
    }

    pub(crate) fn service(&self) -> &Service {
        &self.stage.service
    }

    pub(crate) async fn join(&self, cx: &Ctx, role: Role) {
        self.stage.join(self.song, cx, role).await;
    }

    async fn upload(&self, cx: &Ctx, bytes: &'static [u8]) -> UploadId {
        let new = NewUpload {
            project_id: self.song,
            filename: FileName::parse("take.wav").unwrap(),
            size_bytes: bytes.len() as u64,
            content_type: "audio/wav".to_owned(),
            sha256: None,
        };
        let id = self.service().create_upload(cx, new).await.unwrap().into_inner().row.id;
        let body = stream::iter([Ok(Bytes::from_static(bytes))]);
        self.service().put_upload_content(cx, id, None, body).await.unwrap();
        id
    }

    pub(crate) async fn make(&self, cx: &Ctx) -> VersionView {
        let upload = self.upload(cx, SOUND).await;
        self.service().create_version(cx, self.track, from(upload)).await.unwrap().into_inner()
    }

    pub(crate) async fn finish(&self, cx: &Ctx, version: &VersionView) -> VersionView {
        let row = &version.version.row;
        let findings = self.findings().await;
        let system = Ctx::system(cx.now);
        let batch = self.service().version_analysed(&system, row.id, row.job_id, &findings).await.unwrap();
        self.stage.store().commit(batch.expect("there is something to write")).await.unwrap();
        self.service().get_version(cx, row.id).await.unwrap()
    }

    async fn findings(&self) -> Findings {
        let derived = async |bytes: &'static [u8]| {
            let sealed = self.service().blobs().put(Bytes::from_static(bytes)).await.unwrap();
            let row = BlobRow {
                size: sealed.size,
                sha256: sealed.sha256,
                content_type: "application/octet-stream".to_owned(),
                state: BlobState::Live,
            };
            Derived { hash: sealed.hash, row }
        };
        let media = MediaFacts {
            duration_ms: 1000,
            frames: 48_000,
            sample_rate: 48_000,
            bit_depth: Some(16),
            channels: 2,
            codec: "pcm_s16le".to_owned(),
            container: "wav".to_owned(),
            bitrate: Some(1_536_000),
            content_type: "audio/wav".to_owned(),
            browser_playable: true,
        };
        let analysis = AudioAnalysis { media, loudness: None, warnings: vec!["x".repeat(500); 20] };
        Findings {
            analysis,
            peaks: derived(b"peaks").await,
            features: derived(b"features").await,
            measured: derived(b"{}").await,
            preview: None,
        }
    }

    async fn playing(&self) -> Option<i64> {
        let track = self.service().get_track(&self.ada, self.track).await.unwrap();
        track.track.row.current.map(|current| current.number)
    }
}

fn from(upload_id: UploadId) -> NewVersion {
    NewVersion {
        upload_id,
        label: None,
        changelog: None,
        parent_version_id: None,
        make_current: true,
        carry: Carry::None,
    }
}

fn pointer<T: std::fmt::Debug>(outcome: Result<T>) -> String {
    match outcome {
        Err(Error::Invalid(faults)) => faults.0[0].pointer.clone(),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn an_upload_becomes_a_version_once() {
    let band = Band::new().await;
    let (ada, service) = (&band.ada, band.service());
    let upload = band.upload(ada, SOUND).await;
    let again = keyed(ada, "createVersion", 1, 1);
    let made = service.create_version(&again, band.track, from(upload)).await.unwrap();
    let repeat = service.create_version(&again, band.track, from(upload)).await.unwrap();
    let (Done::Now(made), Done::Before(repeat)) = (made, repeat) else { panic!("not a repeat") };
    let row = &made.version.row;
    assert_eq!(row.id, repeat.version.row.id);
    assert_eq!((row.number, &row.status), (1, &VersionStatus::Processing));
    assert_eq!(row.sha256, <[u8; 32]>::from(Sha256::digest(SOUND)));
    assert!(!made.is_current);
    let count = band.stage.store().count::<UsedBytes>(&row.uploaded_by).await.unwrap();
    let bytes = band.stage.store().count::<ProjectBytes>(&band.song).await.unwrap();
    let refs = band.stage.store().count::<Refs>(&row.original).await.unwrap();
    assert_eq!((count, bytes, refs), (10, 10, 1));
    assert_eq!(pointer(service.create_version(ada, band.track, from(upload)).await), "/upload_id");
    assert!(matches!(service.get_upload(ada, upload).await, Err(Error::NotFound(_))));

    let job = service.get_job(ada, row.job_id).await.unwrap();
    assert_eq!((job.state, job.kind.as_str()), (JobState::Queued, "version.process"));
    assert_eq!(job.subject, Some(("version".to_owned(), row.id.uuid())));
    let ben = band.stage.person("ben").await;
    assert!(matches!(service.get_job(&ben, row.job_id).await, Err(Error::NotFound("job"))));
}

#[tokio::test]
async fn what_is_no_recording_is_dropped_with_its_upload() {
    let band = Band::new().await;
    let upload = band.upload(&band.ada, b"once upon a time").await;
    match band.service().create_version(&band.ada, band.track, from(upload)).await {
        Err(Error::Audio { code, .. }) => assert_eq!(code, "unsupported_audio"),
        other => panic!("{other:?}"),
    }
    let user = band.ada.user_id().unwrap();
    assert_eq!(band.stage.store().count::<UsedBytes>(&user).await.unwrap(), 0);
    let list = band.service().list_versions(&band.ada, band.track, None, &PageRequest::first(9)).await;
    assert_eq!(list.unwrap().items.len(), 0);
    assert_eq!(band.make(&band.ada).await.version.row.number, 1);
}

#[tokio::test]
async fn uploads_and_parents_come_from_the_right_place() {
    let band = Band::new().await;
    let (ada, service) = (&band.ada, band.service());
    let other = Band { track: band.stage.track(ada, band.song).await, ..Band::new().await };
    let open = NewUpload {
        project_id: band.song,
        filename: FileName::parse("a").unwrap(),
        size_bytes: 1,
        content_type: "audio/wav".to_owned(),
        sha256: None,
    };
    let open = service.create_upload(ada, open).await.unwrap().into_inner().row.id;
    let incomplete = service.create_version(ada, band.track, from(open)).await;
    assert!(matches!(incomplete, Err(Error::Conflict(_))), "{incomplete:?}");
    let made = service.create_project(ada, &a_project("Other")).await.unwrap().into_inner().project.row.id;
    let elsewhere = band.stage.track(ada, made).await;
    let upload = band.upload(ada, SOUND).await;
    assert_eq!(pointer(service.create_version(ada, elsewhere, from(upload)).await), "/upload_id");
    let stranger = band.make(ada).await.version.row.id;
    let mut child = from(upload);
    child.parent_version_id = Some(stranger);
    let wrong = service.create_version(ada, other.track, child.clone()).await;
    assert_eq!(pointer(wrong), "/parent_version_id");
    let made = service.create_version(ada, band.track, child).await.unwrap().into_inner();
    assert_eq!(made.version.row.parent_version_id, Some(stranger));
}

#[tokio::test]
async fn a_processed_version_takes_over_unless_somebody_chose_meanwhile() {
    let band = Band::new().await;
    let (ada, service) = (&band.ada, band.service());
    let (first, second) = (band.make(ada).await, band.make(&later(ada, 10)).await);
    // The second one is ready first: the older one does not push it aside.
    assert!(band.finish(&later(ada, 20), &second).await.is_current);
    assert!(!band.finish(&later(ada, 30), &first).await.is_current);
    // One that took over by itself gives way to a newer one made before that happened.
    let third = band.make(&later(ada, 15)).await;
    assert!(band.finish(&later(ada, 40), &third).await.is_current);
    // Somebody chooses while the fourth is on its way.
    let fourth = band.make(&later(ada, 50)).await;
    let chosen = first.version.row.id;
    service.set_current_version(&later(ada, 60), band.track, None, chosen).await.unwrap();
    assert!(!band.finish(&later(ada, 70), &fourth).await.is_current);
    assert_eq!(band.playing().await, Some(1));
    let fifth = band.make(&later(ada, 80)).await;
    assert!(band.finish(&later(ada, 90), &fifth).await.is_current);
    let quiet = band.upload(&later(ada, 100), SOUND).await;
    let quiet = NewVersion { make_current: false, ..from(quiet) };
    let quiet = service.create_version(&later(ada, 100), band.track, quiet).await.unwrap().into_inner();
    assert!(!band.finish(&later(ada, 110), &quiet).await.is_current);
}

#[tokio::test]
async fn processing_writes_everything_once() {
    let band = Band::new().await;
    let made = band.make(&band.ada).await;
    let (id, job) = (made.version.row.id, made.version.row.job_id);
    assert!(matches!(band.service().version_input(id).await.unwrap(), VersionInput::Process(_)));
    let ready = band.finish(&band.ada, &made).await;
    let row = &ready.version.row;
    assert_eq!((ready.version.rev, &row.status), (2, &VersionStatus::Ready));
    assert_eq!(row.warnings.len(), limits::VERSION_WARNINGS_MAX);
    for blob in [row.peaks.unwrap(), row.features.unwrap(), row.original] {
        assert_eq!(band.stage.store().count::<Refs>(&blob).await.unwrap(), 1);
    }
    assert_eq!(
        band.stage.events().await[3..],
        ["version.created", "version.ready", "version.current_changed"]
    );
    assert!(matches!(band.service().version_input(id).await.unwrap(), VersionInput::Settled));
    let again = band.service().version_analysed(&band.ada, id, job, &band.findings().await).await.unwrap();
    assert!(again.is_none());
    let gone = band.service().version_input(uuid::Uuid::nil().into()).await.unwrap();
    assert!(matches!(gone, VersionInput::Gone));
}

#[tokio::test]
async fn a_version_that_cannot_be_played_says_why() {
    let band = Band::new().await;
    let (ada, service) = (&band.ada, band.service());
    let made = band.make(ada).await;
    let (id, job) = (made.version.row.id, made.version.row.job_id);
    let query = WaveformQuery {
        zoom: Zoom::SamplesPerPixel(256),
        channels: WaveformChannels::Mono,
        bits: WaveformBits::Eight,
        start_ms: None,
        end_ms: None,
    };
    let waiting = service.waveform(ada, id, query, WaveformForm::Dat).await;
    assert!(matches!(waiting, Err(Error::Processing { job: named }) if named == job), "{waiting:?}");
    assert!(matches!(service.stream_version(ada, id, None).await, Err(Error::Processing { .. })));
    assert!(
        matches!(service.download_version(ada, id, DownloadForm::default()).await, Ok(file) if file.size_bytes == 10)
    );

    let failure = JobFailure { code: "corrupt_audio".to_owned(), detail: "It ends too early.".to_owned() };
    let batch = service.version_failed(&Ctx::system(ada.now), id, job, &failure).await.unwrap();
    band.stage.store().commit(batch.unwrap()).await.unwrap();
    let is_corrupt = |error: &Error| matches!(error, Error::Audio { code, .. } if code == "corrupt_audio");
    assert!(service.waveform(ada, id, query, WaveformForm::Dat).await.is_err_and(|error| is_corrupt(&error)));
    assert!(service.stream_version(ada, id, None).await.is_err_and(|error| is_corrupt(&error)));
    let chosen = service.set_current_version(ada, band.track, None, id).await;
    assert!(chosen.is_err_and(|error| is_corrupt(&error)));
    let failed = PageRequest::first(9);
    let failed = service.list_versions(ada, band.track, Some(VersionFilter::Failed), &failed).await.unwrap();
    assert_eq!(failed.items.len(), 1);
}

#[tokio::test]
async fn a_deleted_current_version_gives_way_to_the_newest_ready_one() {
    let band = Band::new().await;
    let (ada, service) = (&band.ada, band.service());
    let mut ids = vec![];
    for ms in [0, 10, 20] {
        let cx = later(ada, ms);
        let made = band.make(&cx).await;
        ids.push(band.finish(&cx, &made).await.version.row.id);
    }
    let (one, two, three) = (ids[0], ids[1], ids[2]);
    service.delete_version(ada, three, None).await.unwrap();
    assert_eq!(band.playing().await, Some(2));
    assert!(matches!(service.get_version(ada, three).await, Err(Error::NotFound(_))));
    service.delete_version(ada, one, None).await.unwrap();
    assert_eq!(band.playing().await, Some(2));
    service.delete_version(ada, two, None).await.unwrap();
    assert_eq!(band.playing().await, None);
    assert!(service.restore_version(ada, one, None).await.unwrap().is_current);
    assert!(!service.restore_version(ada, three, None).await.unwrap().is_current);
    let twice = service.restore_version(ada, three, None).await;
    assert!(matches!(twice, Err(Error::Conflict(_))), "{twice:?}");
    assert_eq!(band.make(ada).await.version.row.number, 4, "numbers are never given twice");

    let mut lock = Batch::new();
    lock.add::<Locks>(&one, 1, ..);
    band.stage.store().commit(lock).await.unwrap();
    let locked = service.delete_version(ada, one, None).await;
    assert!(matches!(locked, Err(Error::Conflict("a locked checkpoint holds this version"))), "{locked:?}");
}

#[tokio::test]
async fn a_list_is_newest_first_and_in_pages() {
    let band = Band::new().await;
    for _ in 0..5 {
        band.make(&band.ada).await;
    }
    let mut page = PageRequest::first(2);
    let mut numbers = vec![];
    loop {
        let list = band.service().list_versions(&band.ada, band.track, None, &page).await.unwrap();
        numbers.push(list.items.iter().map(|view| view.version.row.number).collect::<Vec<_>>());
        match list.next {
            Some(next) => page.after = Some(next),
            None => break,
        }
    }
    assert_eq!(numbers, [vec![5, 4], vec![3, 2], vec![1]]);
}

#[tokio::test]
async fn descriptions_change_and_stay_in_bounds() {
    let band = Band::new().await;
    let (ada, service) = (&band.ada, band.service());
    let id = band.make(ada).await.version.row.id;
    let entry = |name: &str, value: Option<&str>| (name.to_owned(), value.map(ToOwned::to_owned));
    let merge = |entries: Vec<(String, Option<String>)>| VersionPatch {
        metadata: Some(MetadataPatch::Merge(entries.into_iter().collect())),
        ..VersionPatch::default()
    };
    let patch = VersionPatch {
        label: Some(Some(Label::parse("loud").unwrap())),
        tags: Some(vec![Tag::parse("Live").unwrap()]),
        ..merge(vec![entry("mic", Some("SM57")), entry("room", Some("B"))])
    };
    let changed = service.update_version(ada, id, Some(1), patch).await.unwrap();
    assert_eq!((changed.version.rev, changed.version.row.metadata.len()), (2, 2));
    let stale = service.update_version(ada, id, Some(1), VersionPatch::default()).await;
    assert!(matches!(stale, Err(Error::RevisionConflict { current: 2 })), "{stale:?}");
    let merged = merge(vec![entry("room", None), entry("amp", Some("AC30"))]);
    let changed = service.update_version(ada, id, None, merged).await.unwrap().version.row;
    assert_eq!(changed.metadata.keys().collect::<Vec<_>>(), ["amp", "mic"]);
    assert_eq!(changed.label.unwrap().as_str(), "loud");
    let long = "é".repeat(limits::VERSION_TEXT_BYTES_MAX / 2 + 1);
    let long =
        VersionPatch { changelog: Some(Some(Changelog::parse(&long).unwrap())), ..VersionPatch::default() };
    assert_eq!(pointer(service.update_version(ada, id, None, long).await), "");
    let many = (0..=limits::METADATA_ENTRIES_MAX).map(|n| entry(&n.to_string(), Some(""))).collect();
    assert_eq!(pointer(service.update_version(ada, id, None, merge(many)).await), "/metadata");
}

#[tokio::test]
async fn only_those_who_may() {
    let band = Band::new().await;
    let (ada, service) = (&band.ada, band.service());
    let made = band.make(ada).await;
    let id = band.finish(ada, &made).await.version.row.id;
    let ben = band.stage.person("ben").await;
    assert!(matches!(service.get_version(&ben, id).await, Err(Error::NotFound(_))));
    band.stage.join(band.song, &ben, Role::Viewer).await;
    service.get_version(&ben, id).await.unwrap();
    assert_eq!(service.stream_version(&ben, id, None).await.unwrap().size_bytes, 10);
    assert!(matches!(
        service.download_version(&ben, id, DownloadForm::default()).await,
        Err(Error::Forbidden(_))
    ));
    assert!(matches!(service.delete_version(&ben, id, None).await, Err(Error::Forbidden(_))));
    let update = service.update_version(&ben, id, None, VersionPatch::default()).await;
    assert!(matches!(update, Err(Error::Forbidden(_))));
    service.delete_track(ada, band.track, None).await.unwrap();
    assert!(matches!(service.get_version(ada, id).await, Err(Error::NotFound(_))));
    assert!(matches!(service.stream_version(ada, id, None).await, Err(Error::NotFound(_))));
}

#[tokio::test]
async fn nobody_claims_a_recording_by_knowing_its_hash() {
    let band = Band::new().await;
    let (ada, service) = (&band.ada, band.service());
    band.make(ada).await;
    let known = |project_id, size_bytes| NewUpload {
        project_id,
        filename: FileName::parse("copy.wav").unwrap(),
        size_bytes,
        content_type: "audio/wav".to_owned(),
        sha256: Some(Sha256::digest(SOUND).into()),
    };
    let state = async |cx: &Ctx, new| service.create_upload(cx, new).await.unwrap().into_inner().row.state;
    let mine = state(ada, known(band.song, 10)).await;
    assert!(matches!(mine, model::upload::UploadState::Complete { deduplicated: true, .. }), "{mine:?}");
    assert_eq!(state(ada, known(band.song, 11)).await, model::upload::UploadState::Open);
    let ben = band.stage.person("ben").await;
    let own = service.create_project(&ben, &a_project("Own")).await.unwrap().into_inner().project.row.id;
    assert_eq!(state(&ben, known(own, 10)).await, model::upload::UploadState::Open);
    // A viewer hears it and may not download it.
    band.stage.join(band.song, &ben, Role::Viewer).await;
    assert_eq!(state(&ben, known(own, 10)).await, model::upload::UploadState::Open);
}
