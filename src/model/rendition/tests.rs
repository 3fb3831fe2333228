//! Recipes: their names, what follows from a recording, what a format refuses.

use super::*;

fn media(container: &str, bit_depth: Option<u16>, bitrate: u64, browser_playable: bool) -> MediaFacts {
    MediaFacts {
        duration_ms: 1000,
        frames: 48_000,
        sample_rate: 48_000,
        bit_depth,
        channels: 2,
        codec: "pcm".to_owned(),
        container: container.to_owned(),
        bitrate: Some(bitrate),
        content_type: "audio/x".to_owned(),
        browser_playable,
    }
}

fn wish(format: Format) -> Wish {
    Wish { format, bit_depth: None, bitrate: None, sample_rate: None }
}

#[test]
fn a_name_reads_back_as_its_recipe() {
    for name in ["wav-16", "wav-32f", "aiff-24", "flac-16@96000", "mp3-256", "vorbis-160@44100", "opus-64"] {
        assert_eq!(name.parse::<Recipe>().unwrap().to_string(), name);
    }
    for odd in ["", "wav", "wav-17", "mp3-x", "tape-16", "wav-16@", "wav-16@x"] {
        assert_eq!(odd.parse::<Recipe>(), Err(NoRecipe), "{odd}");
    }
}

#[test]
fn the_engine_knows_vorbis_by_quality() {
    let target = |name: &str| name.parse::<Recipe>().unwrap().target();
    assert_eq!(target("vorbis-64"), "vorbis-0");
    assert_eq!(target("vorbis-160@44100"), "vorbis-5");
    assert_eq!(target("mp3-256@44100"), "mp3-256");
    assert_eq!(target("wav-32f"), "wav-32f");
}

#[test]
fn what_is_not_named_follows_from_the_recording() {
    let name = |format, depth| {
        let media = media("wav", depth, 0, true);
        wish(format).recipe("/", Some(&media)).unwrap().to_string()
    };
    assert_eq!(name(Format::Wav, Some(8)), "wav-16");
    assert_eq!(name(Format::Wav, Some(24)), "wav-24");
    assert_eq!(name(Format::Wav, Some(32)), "wav-32f");
    assert_eq!(name(Format::Wav, None), "wav-16");
    assert_eq!(name(Format::Flac, Some(32)), "flac-24");
    assert_eq!(name(Format::Mp3, None), Recipe::HIGH.to_string());
    assert_eq!(name(Format::Opus, Some(16)), "opus-160");
}

#[test]
fn a_format_refuses_what_it_does_not_have() {
    let faults = |wish: Wish| -> Vec<String> {
        wish.recipe("/", None).unwrap_err().0.into_iter().map(|fault| fault.pointer).collect()
    };
    let all = |format| Wish {
        bit_depth: Some(BitDepth::Float),
        bitrate: Some(1),
        sample_rate: Some(44_101),
        ..wish(format)
    };
    assert_eq!(faults(all(Format::Flac)), ["/sample_rate", "/bitrate", "/bit_depth"]);
    assert_eq!(faults(all(Format::Mp3)), ["/sample_rate", "/bit_depth", "/bitrate"]);
    assert_eq!(faults(Wish { sample_rate: Some(96_000), ..wish(Format::Mp3) }), ["/sample_rate"]);
    assert_eq!(faults(Wish { sample_rate: Some(44_100), ..wish(Format::Opus) }), ["/sample_rate"]);
    let fine = Wish { bitrate: Some(320_000), sample_rate: Some(44_100), ..wish(Format::Mp3) };
    assert_eq!(fine.recipe("/", None).unwrap().to_string(), "mp3-320@44100");
}

#[test]
fn a_quality_is_an_upper_bound() {
    let wav = media("wav", Some(24), 2_304_000, true);
    let mp3 = media("mp3", None, 128_000, true);
    let aiff = media("aiff", Some(16), 1_536_000, false);
    let high = Served::Made(Recipe::HIGH, RenditionKind::StreamHigh);
    let low = Served::Made(Recipe::LOW, RenditionKind::StreamLow);
    assert_eq!(Served::playing(None, &wav), Served::Original);
    assert_eq!(Served::playing(None, &aiff), high);
    assert_eq!(Served::playing(Some(Quality::Original), &aiff), Served::Original);
    assert_eq!(Served::playing(Some(Quality::Lossless), &wav), Served::Original);
    let flac = Served::Made("flac-16".parse().unwrap(), RenditionKind::Lossless);
    assert_eq!(Served::playing(Some(Quality::Lossless), &aiff), flac);
    assert_eq!(Served::playing(Some(Quality::High), &wav), high);
    assert_eq!(Served::playing(Some(Quality::High), &mp3), Served::Original);
    assert_eq!(Served::playing(Some(Quality::Low), &mp3), low);
}

#[test]
fn sizes_are_bounded_before_anything_is_made() {
    let bytes = |name: &str| name.parse::<Recipe>().unwrap().bytes_max(48_000, 2, 48_000);
    assert_eq!(bytes("wav-16"), 192_000);
    assert_eq!(bytes("wav-32f@96000"), 768_000);
    assert_eq!(bytes("mp3-256"), 64_000);
    assert_eq!("wav-32f".parse::<Recipe>().unwrap().bytes_max(u64::MAX, 24, 1), u64::MAX);
}
