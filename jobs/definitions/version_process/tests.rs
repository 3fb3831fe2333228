//! From the bytes of an upload to a version that plays, and what becomes of a file that breaks the decoder. A shell plays the
//! child; what it answers is what a real one answers.

use crate::{
    JobsHandle,
    decoder::Decoder,
    testing::{On, Site},
};
use audio::{
    Codec, Container, Facts, Loudness, Media,
    child::{Message, Written},
};
use futures::stream;
use model::{
    ProjectId, TrackId, VersionId,
    account::InstanceRole,
    job::JobState,
    rendition::{Recipe, RenditionState},
    text::{Email, FileName, PersonName, ProjectName, TrackKind, TrackName},
    version::VersionStatus,
};
use service::{
    Caller, Ctx, NewUser, Password,
    project::NewProject,
    session::Attempt,
    track::NewTrack,
    upload::NewUpload,
    version_create::{Carry, NewVersion},
};
use std::time::Duration;
use store::tables::blob::Refs;

pub(crate) const SOON: Duration = Duration::from_secs(60);

/// A person who is logged in.
pub(crate) async fn person(site: &Site) -> Ctx {
    let (service, system) = (&site.house.parts.service, Ctx::system(site.house.now()));
    let password = "four strings, one groove";
    let new = NewUser {
        email: Email::parse("ada@example.org").unwrap(),
        name: PersonName::parse("Ada").unwrap(),
        role: InstanceRole::Member,
        password: Some(Password::parse(password).unwrap()),
    };
    service.create_user_offline(&system, &new).await.unwrap();
    let attempt = Attempt { email: new.email.to_string(), password: password.to_owned(), device_name: None };
    let anybody = Ctx { caller: Caller::Anonymous, ..system.clone() };
    let token = service.login(&anybody, &attempt).await.unwrap().access.token;
    let login = service.authenticate(&token, system.now).await.unwrap();
    Ctx { caller: Caller::User(login), ..system }
}

async fn track(site: &Site, cx: &Ctx) -> (ProjectId, TrackId) {
    let service = &site.house.parts.service;
    let project = NewProject::named(ProjectName::parse("Song").unwrap());
    let project = service.create_project(cx, &project).await.unwrap().into_inner().project.row.id;
    let track = NewTrack::named(TrackName::parse("Bass").unwrap(), TrackKind::parse("stem").unwrap());
    let track = service.create_track(cx, project, &track).await.unwrap().into_inner().track.row.id;
    (project, track)
}

/// Uploads some bytes and makes a version of them.
pub(crate) async fn take(site: &Site, cx: &Ctx) -> VersionId {
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

/// A child that writes its files and reports what it found out.
pub(crate) fn good_child(preview: Option<Written>) -> String {
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
    let verdict = serde_json::to_string(&Message::Analysed { facts: Box::new(facts), preview }).unwrap();
    let path = |name| format!(r#"$(echo "$1" | sed 's/.*"{name}":"\([^"]*\)".*/\1/')"#);
    format!(
        "echo peaks > {}; echo chroma > {}; echo mp3 > {}; echo '{{\"type\":\"progress\",\"fraction\":0.5}}'; echo '{verdict}'",
        path("pyramid"),
        path("features"),
        path("output")
    )
}

/// Waits until everything is done; a pause between two tries is over at once.
pub(crate) async fn settled(site: &Site, handle: &JobsHandle) {
    let idle = async {
        while tokio::time::timeout(Duration::from_millis(300), handle.idle()).await.is_err() {
            site.clock.advance(10_000);
        }
    };
    tokio::time::timeout(SOON, idle).await.unwrap();
}

async fn run(script: &str) -> (Site, Ctx, VersionId) {
    let decoder = Decoder::new("/bin/sh".into()).with_arguments(vec!["-c".into(), script.into()]);
    let site = Site::with_decoder(On::Disk, decoder);
    let cx = person(&site).await;
    let handle: JobsHandle = crate::handle::start_in(site.house.clone()).await.unwrap();
    let version = take(&site, &cx).await;
    settled(&site, &handle).await;
    handle.shutdown().await;
    (site, cx, version)
}

#[tokio::test]
async fn a_take_becomes_ready_in_the_commit_that_ends_its_job() {
    let (site, cx, id) = run(&good_child(None)).await;
    let view = site.house.parts.service.get_version(&cx, id).await.unwrap();
    let version = view.version.row;
    assert_eq!(version.status, VersionStatus::Ready);
    assert!(view.is_current);
    assert_eq!(version.media.map(|media| (media.frames, media.bit_depth)), Some((96_000, Some(24))));
    assert_eq!(version.loudness.map(|loudness| loudness.integrated_lufs), Some(-14.0));
    assert_eq!(version.warnings.len(), 1);
    let job = site.job(version.job_id).await;
    assert_eq!((job.row.state, job.row.attempts, job.stamp), (JobState::Succeeded, 1, view.version.stamp));
    for blob in [version.peaks.unwrap(), version.features.unwrap(), version.analysis.unwrap()] {
        assert_eq!(site.store().count::<Refs>(&blob).await.unwrap(), 1);
        assert!(site.house.parts.blobs.open_file(&blob).unwrap().1 > 0);
    }
    let events = site.events().await;
    let tail = &events[events.len() - 4..];
    assert_eq!(tail, ["job.started", "version.ready", "version.current_changed", "job.succeeded"]);
    assert_eq!(std::fs::read_dir(&site.house.parts.work_dir).unwrap().count(), 0);
}

#[tokio::test]
async fn a_preview_is_kept_with_what_else_was_found_out() {
    let written = Written { frames: 96_000, bytes: 4, sample_rate: 48_000, channels: 2 };
    let (site, cx, id) = run(&good_child(Some(written))).await;
    let page = service::page::PageRequest::first(10);
    let renditions = site.house.parts.service.list_renditions(&cx, id, &page).await.unwrap().items;
    let [preview] = renditions.as_slice() else { panic!("{renditions:?}") };
    let version = site.house.parts.service.get_version(&cx, id).await.unwrap().version;
    assert_eq!((preview.recipe, preview.job_id), (Recipe::HIGH, version.row.job_id));
    let RenditionState::Ready { made } = &preview.state else { panic!("{preview:?}") };
    assert_eq!(site.store().count::<Refs>(&made.blob).await.unwrap(), 1);

    // In the trash nobody needs it; as long as the version stays outside, it stays.
    let system = Ctx::system(cx.now);
    assert_eq!(site.house.parts.service.expire_renditions(&system).await.unwrap(), 0);
    site.house.parts.service.delete_version(&cx, id, None).await.unwrap();
    assert_eq!(site.house.parts.service.expire_renditions(&system).await.unwrap(), 1);
    assert_eq!(site.store().count::<Refs>(&made.blob).await.unwrap(), 0);
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
