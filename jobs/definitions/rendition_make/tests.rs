//! Recipes in the engine's words, and how long a file stays. A shell plays the child; real ones are tested through HTTP.

use super::*;
use crate::{
    decoder::Decoder,
    definitions::version_process::tests::{SOON, good_child, person, settled, take},
    testing::{On, Site},
};
use audio::child::{Message, Written};
use model::{
    Timestamp,
    rendition::{Format, MP3_KBPS, OPUS_KBPS, RenditionState, VORBIS_KBPS, Wish},
};
use service::{Ctx, page::PageRequest};
use store::tables::{
    blob::Refs,
    job::{JobFiles, Jobs},
};

#[test]
fn the_engine_knows_every_recipe() {
    let plain =
        ["wav-16", "wav-24", "wav-32f", "aiff-16", "aiff-24", "flac-16", "flac-24@96000"].map(str::to_owned);
    let mp3 = MP3_KBPS.map(|kbps| format!("mp3-{kbps}"));
    let vorbis = VORBIS_KBPS.map(|kbps| format!("vorbis-{kbps}"));
    let opus = OPUS_KBPS.map(|kbps| format!("opus-{kbps}"));
    for name in plain.iter().chain(&mp3).chain(&vorbis).chain(&opus) {
        let recipe: Recipe = name.parse().unwrap();
        let engine = engine_recipe(recipe).unwrap();
        assert_eq!(engine.target.content_type(), recipe.format().content_type(), "{name}");
        assert_eq!(engine.target.extension(), recipe.format().extension(), "{name}");
        assert_eq!(engine.sample_rate, recipe.sample_rate());
    }
}

#[test]
fn two_orders_of_one_rendition_have_one_key() {
    let make = |recipe: &str| RenditionMake {
        project: ProjectId::new(uuid::Uuid::from_u128(1)),
        original: BlobHash([0xff; 32]),
        recipe: recipe.parse().unwrap(),
    };
    assert_eq!(make("wav-16").key(), make("wav-16").key());
    assert_ne!(make("wav-16").key(), make("wav-24").key());
    assert!(make("vorbis-320@192000").key().len() <= limits::JOB_KEY_BYTES_MAX);
}

/// A child that measures, or writes what it is asked for.
fn child() -> Decoder {
    let written = Written { frames: 96_000, bytes: 6, sample_rate: 48_000, channels: 2 };
    let verdict = serde_json::to_string(&Message::Rendered { written }).unwrap();
    let output = r#"$(echo "$1" | sed 's/.*"output":"\([^"]*\)".*/\1/')"#;
    let measure = good_child(None);
    let script = format!(
        r#"case "$1" in *'"mode":"render"'*) echo sound > {output}; echo '{verdict}';; *) {measure};; esac"#
    );
    Decoder::new("/bin/sh".into()).with_arguments(vec!["-c".into(), script.into()])
}

#[tokio::test]
async fn the_file_of_a_job_goes_with_it_and_the_rendition_later() {
    let site = Site::with_decoder(On::Disk, child());
    let cx = person(&site).await;
    let handle = crate::handle::start_in(site.house.clone()).await.unwrap();
    let version = take(&site, &cx).await;
    settled(&site, &handle).await;
    let service = &site.house.parts.service;
    let wish = Wish { format: Format::Flac, bit_depth: None, bitrate: None, sample_rate: None };
    let job = service.create_rendition(&cx, version, wish).await.unwrap().id;
    settled(&site, &handle).await;
    let renditions =
        || async { service.list_renditions(&cx, version, &PageRequest::first(9)).await.unwrap().items };
    let RenditionState::Ready { made } = renditions().await[0].state.clone() else { panic!("it is made") };
    let refs = || async { site.store().count::<Refs>(&made.blob).await.unwrap() };
    assert_eq!(refs().await, 2, "the rendition and the job refer to the file");
    assert_eq!(service.get_job_result(&cx, job).await.unwrap().size_bytes, made.size_bytes);

    site.clock.advance(limits::JOB_KEEP_DONE_MS + 3_600_000);
    let forgotten = async {
        while site.store().get::<Jobs>(&job).await.unwrap().is_some() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(SOON, forgotten).await.unwrap();
    assert_eq!(site.store().get::<JobFiles>(&job).await.unwrap(), None);
    assert_eq!(refs().await, 1);
    let again = service.create_rendition(&cx, version, wish).await.unwrap();
    assert_eq!(
        (again.id, again.state),
        (job, model::job::JobState::Succeeded),
        "it is there, though its job is forgotten"
    );
    handle.shutdown().await;

    let late = Timestamp(cx.now.millis() + limits::RENDITION_KEEP_MS + 3_600_000);
    assert_eq!(service.expire_renditions(&Ctx::system(late)).await.unwrap(), 1);
    assert_eq!((refs().await, renditions().await.len()), (0, 0));
}
