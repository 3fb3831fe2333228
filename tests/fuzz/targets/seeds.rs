//! Writes the first inputs: `seeds DIRECTORY` fills `DIRECTORY/container`, `decode` and `ranges` with small files of
//! every kind that we write, and a few kinds that we only read.

use std::fs::{self, File};
use std::io;
use std::path::Path;

use audio::tags::{Cover, Loop};
use audio::{Encoder, Shape, Tags, Target};

mod made;

const TARGETS: [&str; 14] = [
    "wav-16", "wav-24", "wav-32f", "aiff-16", "aiff-24", "aiff-32f", "flac-16", "flac-24", "mp3-128",
    "mp3-v5", "vorbis-3", "opus-64", "opus-16", "mp3-32",
];
fn main() -> io::Result<()> {
    let Some(root) = std::env::args_os().nth(1) else {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "usage: seeds DIRECTORY"));
    };
    let root = Path::new(&root);
    for name in ["container", "decode", "ranges"] {
        fs::create_dir_all(root.join(name))?;
    }
    for target in TARGETS {
        for channels in [1, 2, 6] {
            let name = format!("{target}-{channels}");
            write(&root.join("decode").join(&name), target, channels, &Tags::default())?;
            write(&root.join("container").join(&name), target, channels, &tags())?;
        }
    }
    for (name, bytes) in made::only_read() {
        fs::write(root.join("decode").join(name), &bytes)?;
        fs::write(root.join("container").join(name), &bytes)?;
    }
    for (index, header) in
        ["bytes=0-", "bytes=-5", "bytes=0-0,5-9,-3", "bytes=9-5", "items=0-1"].iter().enumerate()
    {
        let bytes = [&1000u64.to_le_bytes(), header.as_bytes()].concat();
        fs::write(root.join("ranges").join(index.to_string()), bytes)?;
    }
    Ok(())
}

fn write(path: &Path, target: &str, channels: u32, tags: &Tags) -> io::Result<()> {
    let target: Target = target.parse().map_err(io::Error::other)?;
    let shape = target.shape_for(Shape { sample_rate: 44_100, channels });
    let sound: Vec<f64> = (0..1500 * shape.channels).map(|i| (f64::from(i) * 0.05).sin() * 0.4).collect();
    let written = || {
        let mut encoder = Encoder::create(target, shape, tags, None, File::create(path)?)?;
        encoder.push_f64(&sound)?;
        encoder.finish()
    };
    written().map(drop).map_err(io::Error::other)
}

fn tags() -> Tags {
    Tags {
        title: Some("Seed".into()),
        artist: Some("Band".into()),
        track_number: Some(3),
        cover: Some(Cover { media_type: "image/png".into(), bytes: vec![1, 2, 3] }),
        loops: vec![Loop { start: 1, end: 900 }],
        ..Tags::default()
    }
}
