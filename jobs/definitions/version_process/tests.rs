//! From the bytes of an upload to a version that plays, and what becomes of a file that breaks the decoder. A shell plays the
//! child; what it answers is what a real one answers.

use crate::{
    JobsHandle,
    decoder::Decoder,
    testing::{On, Site},
};
use audio::{Codec, Container, Facts, Loudness, Media, child::Message};
use futures::stream;
use model::{
    ProjectId, TrackId, UserId, VersionId,
    account::{InstanceRole, User, UserStatus},
    job::JobState,
    text::{Email, FileName, Handle, Locale, PersonName, ProjectName, TimeZone, TrackKind, TrackName},
    version::VersionStatus,
};
use service::{
    Caller, Ctx, Login, Via,
    project::NewProject,
    track::NewTrack,
    upload::NewUpload,
    version_create::{Carry, NewVersion},
};
use std::time::Duration;
use store::{
    Batch,
    tables::{blob::Refs, user::Users},
};

const SOON: Duration = Duration::from_secs(60);

/// A person, a project, a track.
async fn person(site: &Site) -> Ctx {
    let now = site.house.now();
    let user = User {
        id: site.house.id::<UserId>(),
        email: Email::parse("ada@example.org").unwrap(),
        email_verified_at: None,
        name: PersonName::parse("Ada").unwrap(),
        handle: Handle::parse("ada").unwrap(),
        bio: None,
        avatar: None,
        role: InstanceRole::Member,
        status: UserStatus::Active,
        locale: Locale::parse("en").unwrap(),
        timezone: TimeZone::parse("UTC").unwrap(),
        quota_bytes: None,
        security_version: 1,
        created_at: now,
        updated_at: now,
    };
    let mut batch = Batch::new();
    batch.insert::<Users>(&user.id, &user);
    site.store().commit(batch).await.unwrap();
    let login = Login { user_id: user.id, role: user.role, security_version: 1, via: Via::ControlSocket };
    Ctx { caller: Caller::User(login), ..Ctx::system(now) }
}

async fn track(site: &Site, cx: &Ctx) -> (ProjectId, TrackId) {
    let service = &site.house.parts.service;
    let project = NewProject {
        name: ProjectName::parse("Song").unwrap(),
        description: None,
        color: None,
        tags: vec![],
        bpm: None,
        time_signature: None,
        key: None,
    };
    let project = service.create_project(cx, &project).await.unwrap().into_inner().project.row.id;
    let track = NewTrack {
        name: TrackName::parse("Bass").unwrap(),
        kind: TrackKind::parse("stem").unwrap(),
        instrument: None,
        color: None,
        notes: None,
        start_offset_ms: 0,
        fader: service::track::FaderPatch::default(),
        place: service::track::Place::default(),
    };
    let track = service.create_track(cx, project, &track).await.unwrap().into_inner().track.row.id;
    (project, track)
}

/// Uploads some bytes and makes a version of them.
async fn take(site: &Site, cx: &Ctx) -> VersionId {
    let (project_id, track) = track(site, cx).await;
    let service = &site.house.parts.service;
    let upload = NewUpload {
        project_id,
        filename: FileName::parse("take.wav").unwrap(),
        size_bytes: 4,
        content_type: "audio/wav".to_owned(),
        sha256: None,
    };
    let upload = service.create_upload(cx, upload).await.unwrap().into_inner().row.id;
    let body = stream::iter([Ok(bytes::Bytes::from_static(b"RIFF"))]);
    service.put_upload_content(cx, upload, Some(4), body).await.unwrap();
    let new = NewVersion {
        upload_id: upload,
        label: None,
        changelog: None,
        parent_version_id: None,
        make_current: true,
        carry: Carry::None,
    };
    service.create_version(cx, track, new).await.unwrap().into_inner().version.row.id
}

/// A child that writes both files and reports what it found out.
fn good_child() -> String {
    let media = Media {
        container: Container::Wav,
        codec: Codec::Pcm,
        sample_rate: 48_000,
        channels: 2,
        bit_depth: Some(24),
        frames: 96_000,
        duration_ms: 2_000,
        bitrate: Some(2_304_000),
        size_bytes: 4,
        browser_playable: true,
    };
    let loudness = Loudness {
        integrated_lufs: Some(-14.0),
        true_peak_dbtp: Some(-1.0),
        sample_peak_dbfs: Some(-1.2),
        lra: Some(3.0),
    };
    let facts = Facts {
        media,
        loudness,
        clipping_count: 0,
        warnings: vec![audio::Warning::Truncated],
        short_term: audio::Curve::default(),
        silence: Vec::new(),
        tempo: None,
        key: None,
    };
    let verdict = serde_json::to_string(&Message::Analysed { facts }).unwrap();
    let path = |name| format!(r#"$(echo "$1" | sed 's/.*"{name}":"\([^"]*\)".*/\1/')"#);
    format!(
        "echo peaks > {}; echo chroma > {}; echo '{{\"type\":\"progress\",\"fraction\":0.5}}'; echo '{verdict}'",
        path("pyramid"),
        path("features")
    )
}

async fn run(script: &str) -> (Site, Ctx, VersionId) {
    let decoder = Decoder::new("/bin/sh".into()).with_arguments(vec!["-c".into(), script.into()]);
    let site = Site::with_decoder(On::Disk, decoder);
    let cx = person(&site).await;
    let handle: JobsHandle = crate::handle::start_in(site.house.clone()).await.unwrap();
    let version = take(&site, &cx).await;
    // A pause between two tries is over at once.
    let idle = async {
        while tokio::time::timeout(Duration::from_millis(300), handle.idle()).await.is_err() {
            site.clock.advance(10_000);
        }
    };
    tokio::time::timeout(SOON, idle).await.unwrap();
    handle.shutdown().await;
    (site, cx, version)
}

#[tokio::test]
async fn a_take_becomes_ready_in_the_commit_that_ends_its_job() {
    let (site, cx, id) = run(&good_child()).await;
    let view = site.house.parts.service.get_version(&cx, id).await.unwrap();
    let version = view.version.row;
    assert_eq!(version.status, VersionStatus::Ready);
    assert!(view.is_current);
    assert_eq!(version.media.map(|media| (media.frames, media.bit_depth)), Some((96_000, Some(24))));
    assert_eq!(version.loudness.map(|loudness| loudness.integrated_lufs), Some(-14.0));
    assert_eq!(version.warnings.len(), 1);
    let job = site.job(version.job_id).await;
    assert_eq!((job.row.state, job.row.attempts, job.stamp), (JobState::Succeeded, 1, view.version.stamp));
    for blob in [version.peaks.unwrap(), version.features.unwrap()] {
        assert_eq!(site.store().count::<Refs>(&blob).await.unwrap(), 1);
        assert!(site.house.parts.blobs.open_file(&blob).unwrap().1 > 0);
    }
    let events = site.events().await;
    let tail = &events[events.len() - 4..];
    assert_eq!(tail, ["job.started", "version.ready", "version.current_changed", "job.succeeded"]);
    assert_eq!(std::fs::read_dir(&site.house.parts.work_dir).unwrap().count(), 0);
}

#[tokio::test]
async fn a_file_that_breaks_the_decoder_costs_its_own_version() {
    let (site, cx, id) = run("kill -9 $$").await;
    let version = site.house.parts.service.get_version(&cx, id).await.unwrap().version;
    let VersionStatus::Failed { code, .. } = &version.row.status else { panic!("{:?}", version.row.status) };
    assert_eq!(code, "corrupt_audio");
    let job = site.job(version.row.job_id).await;
    assert_eq!((job.row.state, job.row.attempts, job.stamp), (JobState::Failed, 2, version.stamp));
    assert_eq!(job.row.error.unwrap().code, "corrupt_audio");
}

#[tokio::test]
async fn a_refused_file_keeps_its_reason_and_is_not_tried_again() {
    let refusal = r#"echo '{"type":"failed","code":"too_long","message":"it is too long","permanent":true}'"#;
    let (site, cx, id) = run(refusal).await;
    let version = site.house.parts.service.get_version(&cx, id).await.unwrap().version.row;
    let detail = "it is too long".to_owned();
    assert_eq!(version.status, VersionStatus::Failed { code: "too_long".to_owned(), detail });
    assert_eq!(site.state(version.job_id).await, (JobState::Failed, 1));
}
