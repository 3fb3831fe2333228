//! The smallest files of the kinds that we read and do not write, put together by hand.

/// Two frames of stereo, 16 bits, most significant byte first.
pub const SAMPLES: [u8; 8] = [0, 1, 0, 2, 0, 3, 0, 4];

/// One silent frame of AAC-LC in stereo, 44.1 kHz, behind its ADTS header.
const ADTS: &[u8] = b"\xff\xf1\x50\x80\x02\x1f\xfc\x21\x00\x49\x90\x02\x19\x00\x23\x80";

/// A few frames of sound in each kind of file that we read and do not write.
pub fn only_read() -> Vec<(&'static str, Vec<u8>)> {
    let samples = SAMPLES;
    let adpcm = |tag: u16, block: u16| {
        let mut fmt = tag.to_le_bytes().to_vec();
        for word in [1u16, 8000, 0, 8000, 0, block, 4, 0] {
            fmt.extend_from_slice(&word.to_le_bytes());
        }
        riff(&[(b"fmt ", fmt), (b"data", vec![3; 600])])
    };
    vec![
        ("adts", ADTS.repeat(20)),
        ("ima", adpcm(0x11, 256)),
        ("ms", adpcm(0x02, 256)),
        ("caf", caf(&samples)),
        ("mov", mov(&samples)),
        ("mkv", mkv(&samples)),
    ]
}

fn riff(chunks: &[(&[u8; 4], Vec<u8>)]) -> Vec<u8> {
    let mut out = b"RIFF\xff\xff\xff\xffWAVE".to_vec();
    for (name, body) in chunks {
        out.extend_from_slice(*name);
        out.extend_from_slice(&(body.len() as u32).to_le_bytes());
        out.extend_from_slice(body);
    }
    out
}

fn caf(samples: &[u8]) -> Vec<u8> {
    let mut out = b"caff\0\x01\0\0desc\0\0\0\0\0\0\0\x20".to_vec();
    out.extend_from_slice(&44_100f64.to_be_bytes());
    out.extend_from_slice(b"lpcm");
    [0u32, 4, 1, 2, 16].iter().for_each(|word| out.extend_from_slice(&word.to_be_bytes()));
    out.extend_from_slice(b"data");
    out.extend_from_slice(&(4 + samples.len() as i64).to_be_bytes());
    out.extend_from_slice(&[0; 4]);
    out.extend_from_slice(samples);
    out
}

/// A box of ISO/IEC 14496-12.
fn atom(name: &[u8; 4], parts: &[&[u8]]) -> Vec<u8> {
    let body = parts.concat();
    [&(body.len() as u32 + 8).to_be_bytes()[..], name, &body].concat()
}

/// QuickTime with plain samples in one chunk.
fn mov(samples: &[u8]) -> Vec<u8> {
    let words = |words: &[u32]| words.iter().flat_map(|word| word.to_be_bytes()).collect::<Vec<u8>>();
    let ftyp = atom(b"ftyp", &[b"qt  \0\0\0\0qt  "]);
    let mdat = atom(b"mdat", &[samples]);
    let entry =
        atom(b"twos", &[b"\0\0\0\0\0\0\0\x01", &[0; 8], b"\0\x02\0\x10\0\0\0\0", &words(&[44_100 << 16])]);
    let frames = samples.len() as u32 / 4;
    let stbl = atom(
        b"stbl",
        &[
            &atom(b"stsd", &[&words(&[0, 1]), &entry]),
            &atom(b"stts", &[&words(&[0, 1, frames, 1])]),
            &atom(b"stsc", &[&words(&[0, 1, 1, frames, 1])]),
            &atom(b"stsz", &[&words(&[0, 4, frames])]),
            &atom(b"stco", &[&words(&[0, 1, ftyp.len() as u32 + 8])]),
        ],
    );
    let minf = atom(b"minf", &[&atom(b"smhd", &[&[0; 8]]), &stbl]);
    let mdia = atom(
        b"mdia",
        &[
            &atom(b"mdhd", &[&words(&[0, 0, 0, 44_100, frames, 0])]),
            &atom(b"hdlr", &[&words(&[0, 0]), b"soun", &[0; 13]]),
            &minf,
        ],
    );
    let tkhd = atom(b"tkhd", &[&words(&[7, 0, 0, 1, 0, frames]), &[0; 60]]);
    let edts = atom(b"edts", &[&atom(b"elst", &[&words(&[0, 1, frames, 0, 0x1_0000])])]);
    let mvhd = atom(b"mvhd", &[&words(&[0, 0, 0, 44_100, frames, 0x1_0000]), &[0; 76]]);
    [ftyp, mdat, atom(b"moov", &[&mvhd, &atom(b"trak", &[&tkhd, &edts, &mdia])])].concat()
}

/// An element of EBML (RFC 8794) with a one-byte size.
fn element(id: &[u8], body: &[u8]) -> Vec<u8> {
    [id, &[0x80 | body.len() as u8], body].concat()
}

fn mkv(samples: &[u8]) -> Vec<u8> {
    let audio =
        [element(b"\xb5", &44_100f32.to_be_bytes()), element(b"\x9f", &[2]), element(b"\x62\x64", &[16])];
    let track = [
        element(b"\xd7", &[1]),
        element(b"\x73\xc5", &[1]),
        element(b"\x83", &[2]),
        element(b"\x86", b"A_PCM/INT/BIG"),
        element(b"\xe1", &audio.concat()),
    ];
    let block = [b"\x81\0\0\x80", samples].concat();
    let cluster = [element(b"\xe7", &[0]), element(b"\xa3", &block)];
    let info = [
        element(b"\x2a\xd7\xb1", &[0x0f, 0x42, 0x40]),
        element(b"\x4d\x80", b"by hand"),
        element(b"\x57\x41", b"by hand"),
    ];
    let segment = [
        element(b"\x15\x49\xa9\x66", &info.concat()),
        element(b"\x16\x54\xae\x6b", &element(b"\xae", &track.concat())),
        element(b"\x1f\x43\xb6\x75", &cluster.concat()),
    ]
    .concat();
    let head = element(b"\x1a\x45\xdf\xa3", &element(b"\x42\x82", b"matroska"));
    // A size of four bytes more.
    let size = (segment.len() as u32).to_be_bytes();
    [&head[..], b"\x18\x53\x80\x67\x08", &size, &segment].concat()
}
