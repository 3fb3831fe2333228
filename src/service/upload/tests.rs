//! Uploads on a store in memory and real files.

use super::*;
use crate::stage::{Stage, a_project, keyed, later};
use bytes::Bytes;
use futures::{StreamExt, stream};
use model::access::Role;
use parking_lot::Mutex;
use sha2::{Digest, Sha256};
use std::{io, sync::Arc};
use store::{
    Mark, StoreError,
    gate::{Gate, Level},
    space::Reservation,
    tables::blob::Refs,
};

fn file(project_id: ProjectId, size_bytes: u64) -> NewUpload {
    NewUpload {
        project_id,
        filename: FileName::parse("take.wav").unwrap(),
        size_bytes,
        content_type: "audio/wav".to_owned(),
        sha256: None,
    }
}

fn body(bytes: &'static [u8]) -> impl futures::Stream<Item = io::Result<Bytes>> + Send {
    stream::iter(bytes.chunks(3).map(|chunk| Ok(Bytes::from_static(chunk))))
}

fn sha256(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}

async fn project(stage: &Stage, cx: &Ctx) -> ProjectId {
    stage.service.create_project(cx, &a_project("Song")).await.unwrap().into_inner().project.row.id
}

async fn used(stage: &Stage, cx: &Ctx) -> i64 {
    stage.store().count::<UsedBytes>(&cx.user_id().unwrap()).await.unwrap()
}

async fn opened(stage: &Stage, cx: &Ctx, new: NewUpload) -> UploadId {
    stage.service.create_upload(cx, new).await.unwrap().into_inner().row.id
}

#[tokio::test]
async fn the_quota_is_taken_before_the_bytes_come_and_given_back_once() {
    let stage = Stage::with_quota(100);
    let ada = stage.person("ada").await;
    let song = project(&stage, &ada).await;
    let first = opened(&stage, &ada, file(song, 60)).await;
    match stage.service.create_upload(&ada, file(song, 50)).await {
        Err(Error::QuotaExceeded { needed: 50, free: 40 }) => {}
        other => panic!("{other:?}"),
    }
    assert_eq!(used(&stage, &ada).await, 60);
    stage.service.delete_upload(&ada, first).await.unwrap();
    assert_eq!(used(&stage, &ada).await, 0);
    let again = stage.service.delete_upload(&ada, first).await;
    assert!(matches!(again, Err(Error::NotFound(_))), "{again:?}");
    opened(&stage, &ada, file(song, 100)).await;
    assert_eq!(used(&stage, &ada).await, 100);
}

#[tokio::test]
async fn sizes_are_bounded() {
    let stage = Stage::new();
    let ada = stage.person("ada").await;
    let song = project(&stage, &ada).await;
    let limit = stage.service.settings().upload_bytes_max;
    let large = stage.service.create_upload(&ada, file(song, limit + 1)).await;
    assert!(matches!(large, Err(Error::PayloadTooLarge { .. })), "{large:?}");
    let empty = stage.service.create_upload(&ada, file(song, 0)).await;
    assert!(matches!(empty, Err(Error::Invalid(_))), "{empty:?}");
    for _ in 0..limits::OPEN_UPLOADS_MAX {
        opened(&stage, &ada, file(song, 1)).await;
    }
    let one_more = stage.service.create_upload(&ada, file(song, 1)).await;
    assert!(matches!(one_more, Err(Error::Conflict(_))), "{one_more:?}");
}

#[tokio::test]
async fn a_repeated_request_makes_one_upload() {
    let stage = Stage::new();
    let ada = stage.person("ada").await;
    let song = project(&stage, &ada).await;
    let again = keyed(&ada, "createUpload", 1, 1);
    let first = opened(&stage, &again, file(song, 7)).await;
    assert_eq!(opened(&stage, &again, file(song, 7)).await, first);
    assert_eq!(used(&stage, &ada).await, 7);
}

#[tokio::test]
async fn bytes_arrive_once() {
    let stage = Stage::new();
    let ada = stage.person("ada").await;
    let song = project(&stage, &ada).await;
    let declared = NewUpload { sha256: Some(sha256(b"RIFF sound")), ..file(song, 10) };
    let id = opened(&stage, &ada, declared).await;
    let put = stage.service.put_upload_content(&ada, id, Some(10), body(b"RIFF sound")).await.unwrap();
    let UploadState::Complete { blob, sha256: found, deduplicated: false } = put.row.state else {
        panic!("{put:?}")
    };
    assert_eq!((found, put.rev), (sha256(b"RIFF sound"), 2));
    assert_eq!(stage.store().count::<Refs>(&blob).await.unwrap(), 1);
    assert!(stage.service.blobs().exists(&blob).await.unwrap());
    assert_eq!(stage.events().await.last(), Some(&"upload.completed"));
    let twice = stage.service.put_upload_content(&ada, id, None, body(b"RIFF sound")).await;
    assert!(matches!(twice, Err(Error::Conflict(_))), "{twice:?}");

    let same = opened(&stage, &ada, file(song, 10)).await;
    stage.service.put_upload_content(&ada, same, None, body(b"RIFF sound")).await.unwrap();
    assert_eq!(stage.store().count::<Refs>(&blob).await.unwrap(), 2);
    stage.service.delete_upload(&ada, same).await.unwrap();
    assert_eq!(stage.store().count::<Refs>(&blob).await.unwrap(), 1);
}

#[tokio::test]
async fn more_bytes_than_declared_leave_nothing_behind() {
    let stage = Stage::new();
    let ada = stage.person("ada").await;
    let song = project(&stage, &ada).await;
    for length in [Some(10), None] {
        let id = opened(&stage, &ada, file(song, 9)).await;
        let put = stage.service.put_upload_content(&ada, id, length, body(b"RIFF sound")).await;
        assert!(matches!(put, Err(Error::PayloadTooLarge { limit: 9 })), "{put:?}");
        let gone = stage.service.get_upload(&ada, id).await;
        assert!(matches!(gone, Err(Error::NotFound(_))), "{gone:?}");
        assert_eq!(used(&stage, &ada).await, 0);
        assert_eq!(stage.service.blobs().parts().await.unwrap(), []);
    }
}

#[tokio::test]
async fn a_transfer_that_went_wrong_may_be_tried_again() {
    let stage = Stage::new();
    let ada = stage.person("ada").await;
    let song = project(&stage, &ada).await;
    let declared = NewUpload { sha256: Some(sha256(b"RIFF sound")), ..file(song, 10) };
    let id = opened(&stage, &ada, declared).await;
    let broken = body(b"RIFF").chain(stream::iter([Err(io::Error::other("reset"))]));
    for faulty in [body(b"RIFF").boxed(), broken.boxed()] {
        match stage.service.put_upload_content(&ada, id, None, faulty).await {
            Err(Error::Invalid(faults)) => assert_eq!(faults.0[0].code, "incomplete"),
            other => panic!("{other:?}"),
        }
    }
    let others = stage.service.put_upload_content(&ada, id, None, body(b"RIFF noise")).await;
    assert!(matches!(others, Err(Error::ChecksumMismatch)), "{others:?}");
    assert_eq!(stage.service.blobs().parts().await.unwrap(), []);
    stage.service.put_upload_content(&ada, id, None, body(b"RIFF sound")).await.unwrap();
}

#[tokio::test]
async fn one_transfer_at_a_time() {
    let stage = Stage::new();
    let ada = stage.person("ada").await;
    let song = project(&stage, &ada).await;
    let id = opened(&stage, &ada, file(song, 10)).await;
    let (mut sender, slow) = futures::channel::mpsc::channel(1);
    let first = {
        let (service, ada) = (stage.service.clone(), ada.clone());
        tokio::spawn(async move { service.put_upload_content(&ada, id, None, slow).await })
    };
    futures::SinkExt::send(&mut sender, Ok(Bytes::from_static(b"RIFF "))).await.unwrap();
    // Once the first chunk was taken the transfer is on its way.
    futures::SinkExt::send(&mut sender, Ok(Bytes::from_static(b"sou"))).await.unwrap();
    let second = stage.service.put_upload_content(&ada, id, None, body(b"RIFF noise")).await;
    assert!(matches!(second, Err(Error::Conflict(_))), "{second:?}");
    futures::SinkExt::send(&mut sender, Ok(Bytes::from_static(b"nd"))).await.unwrap();
    drop(sender);
    let put = first.await.unwrap().unwrap();
    assert!(
        matches!(put.row.state, UploadState::Complete { sha256: found, .. } if found == sha256(b"RIFF sound"))
    );
}

#[tokio::test]
async fn a_form_gives_back_what_the_file_does_not_need() {
    let stage = Stage::with_quota(1000);
    let ada = stage.person("ada").await;
    let song = project(&stage, &ada).await;
    let track = stage.track(&ada, song).await;
    let name = || FileName::parse("take.wav").unwrap();
    let upload = stage.service.open_form_upload(&ada, track, name(), Some(300)).await.unwrap();
    assert_eq!(used(&stage, &ada).await, 300);
    let put = stage.service.put_form_content(&ada, upload.row.id, body(b"RIFF sound")).await.unwrap();
    assert_eq!((put.row.size_bytes, used(&stage, &ada).await), (10, 10));
    let unknown = stage.service.open_form_upload(&ada, track, name(), None).await.unwrap();
    assert_eq!((unknown.row.size_bytes, used(&stage, &ada).await), (990, 1000));
    let full = stage.service.open_form_upload(&ada, track, name(), None).await;
    assert!(matches!(full, Err(Error::QuotaExceeded { .. })), "{full:?}");
}

#[tokio::test]
async fn a_form_of_unknown_length_takes_the_quota_in_steps() {
    const STEP: u64 = limits::FORM_STEP_BYTES;
    let stage = Stage::with_quota(3 * STEP + 100);
    let ada = stage.person("ada").await;
    let song = project(&stage, &ada).await;
    let track = stage.track(&ada, song).await;
    let open = async || {
        let name = FileName::parse("take.wav").unwrap();
        stage.service.open_form_upload(&ada, track, name, None).await.unwrap().row
    };
    let (small, large, huge) = (open().await, open().await, open().await);
    assert_eq!(used(&stage, &ada).await, signed(3 * STEP), "two at once do not starve each other");
    let put = async |upload: UploadId, bytes: u64| {
        let chunk = bytes::Bytes::from(vec![7; 1 << 20]);
        let chunks = bytes.div_ceil(1 << 20);
        let tail = move |n| {
            if n + 1 == chunks { chunk.slice(..(bytes - n * (1 << 20)) as usize) } else { chunk.clone() }
        };
        let body = futures::stream::iter((0..chunks).map(move |n| Ok(tail(n))));
        stage.service.put_form_content(&ada, upload, body).await
    };
    put(small.id, 10).await.unwrap();
    assert_eq!(used(&stage, &ada).await, signed(2 * STEP + 10));
    let grown = put(large.id, STEP + 10).await.unwrap();
    assert_eq!((grown.row.size_bytes, used(&stage, &ada).await), (STEP + 10, signed(2 * STEP + 20)));
    let over = put(huge.id, 2 * STEP + 100).await;
    assert!(matches!(over, Err(Error::QuotaExceeded { .. })), "{over:?}");
    stage.service.delete_upload(&ada, huge.id).await.unwrap();
    assert_eq!(used(&stage, &ada).await, signed(STEP + 20));
}

#[tokio::test]
async fn uploads_belong_to_their_creator_and_their_project() {
    let stage = Stage::new();
    let (ada, ben) = (stage.person("ada").await, stage.person("ben").await);
    let song = project(&stage, &ada).await;
    let outside = stage.service.create_upload(&ben, file(song, 10)).await;
    assert!(matches!(outside, Err(Error::NotFound(_))), "{outside:?}");
    stage.join(song, &ben, Role::Viewer).await;
    let viewer = stage.service.create_upload(&ben, file(song, 10)).await;
    assert!(matches!(viewer, Err(Error::Forbidden(_))), "{viewer:?}");
    let id = opened(&stage, &ada, file(song, 10)).await;
    assert!(matches!(stage.service.get_upload(&ben, id).await, Err(Error::NotFound(_))));
    assert!(matches!(stage.service.delete_upload(&ben, id).await, Err(Error::NotFound(_))));
    let put = stage.service.put_upload_content(&ben, id, None, body(b"RIFF sound")).await;
    assert!(matches!(put, Err(Error::NotFound(_))), "{put:?}");
    stage.service.archive_project(&ada, song).await.unwrap();
    let archived = stage.service.put_upload_content(&ada, id, None, body(b"RIFF sound")).await;
    assert!(matches!(archived, Err(Error::ProjectArchived)), "{archived:?}");
}

#[tokio::test]
async fn uploads_lapse() {
    let stage = Stage::new();
    let ada = stage.person("ada").await;
    let song = project(&stage, &ada).await;
    opened(&stage, &ada, file(song, 10)).await;
    let complete = opened(&stage, &ada, file(song, 10)).await;
    stage.service.put_upload_content(&ada, complete, None, body(b"RIFF sound")).await.unwrap();
    assert_eq!(stage.service.expire_uploads(&Ctx::system(ada.now)).await.unwrap(), 0);
    let tomorrow = later(&ada, limits::UPLOAD_TTL_MS + 1);
    assert!(matches!(stage.service.get_upload(&tomorrow, complete).await, Err(Error::NotFound(_))));
    let young = opened(&stage, &tomorrow, file(song, 3)).await;
    assert_eq!(stage.service.expire_uploads(&Ctx::system(tomorrow.now)).await.unwrap(), 2);
    assert_eq!(used(&stage, &ada).await, 3);
    stage.service.get_upload(&tomorrow, young).await.unwrap();
}

#[tokio::test]
async fn files_without_an_upload_are_swept() {
    let stage = Stage::new();
    let ada = stage.person("ada").await;
    let song = project(&stage, &ada).await;
    let kept = opened(&stage, &ada, file(song, 10)).await;
    for id in [kept, UploadId::new(uuid::Uuid::from_u128(7))] {
        let mut part = stage.service.blobs().part(id, 0).await.unwrap();
        part.append(b"RIFF").await.unwrap();
        part.sync().await.unwrap();
    }
    stage.service.expire_uploads(&Ctx::system(ada.now)).await.unwrap();
    assert_eq!(stage.service.blobs().parts().await.unwrap(), [kept]);
}

/// A disk with as much room as a test says.
struct Disk(Mutex<Level>);

impl Gate for Disk {
    fn check(&self) -> Level {
        *self.0.lock()
    }
    fn reserve(&self, _bytes: u64) -> std::result::Result<Reservation, StoreError> {
        match self.check() {
            Level::Open => Ok(Reservation::default()),
            Level::Soft | Level::Hard => Err(StoreError::Full(Mark::Soft)),
        }
    }
}

#[tokio::test]
async fn a_full_disk_takes_no_bytes_and_lets_go_of_some() {
    let disk = Arc::new(Disk(Mutex::new(Level::Open)));
    let stage = Stage::with_gate(disk.clone());
    let ada = stage.person("ada").await;
    let song = project(&stage, &ada).await;
    let id = opened(&stage, &ada, file(song, 10)).await;
    *disk.0.lock() = Level::Soft;
    let new = stage.service.create_upload(&ada, file(song, 10)).await;
    assert!(matches!(new, Err(Error::StorageFull)), "{new:?}");
    let put = stage.service.put_upload_content(&ada, id, None, body(b"RIFF sound")).await;
    assert!(matches!(put, Err(Error::StorageFull)), "{put:?}");
    assert_eq!(stage.service.blobs().parts().await.unwrap(), []);
    stage.service.get_upload(&ada, id).await.unwrap();
    stage.service.delete_upload(&ada, id).await.unwrap();
}
