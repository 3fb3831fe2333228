//! What comes out of pictures, and which are refused.

use super::*;
use image::{Rgb, RgbImage, Rgba, RgbaImage};

fn file(picture: &DynamicImage, format: ImageFormat) -> Vec<u8> {
    let mut bytes = Vec::new();
    picture.write_to(&mut Cursor::new(&mut bytes), format).unwrap();
    bytes
}

fn red(width: u32, height: u32) -> DynamicImage {
    DynamicImage::ImageRgb8(RgbImage::from_pixel(width, height, Rgb([200, 10, 10])))
}

fn size(picture: &Picture) -> (u32, u32) {
    let picture = image::load_from_memory(&picture.bytes).unwrap();
    (picture.width(), picture.height())
}

#[test]
fn pictures_are_cropped_or_shrunk_and_never_enlarged() {
    for format in [ImageFormat::Png, ImageFormat::Jpeg, ImageFormat::WebP, ImageFormat::Gif] {
        let wide = file(&red(1200, 600), format);
        let square = RasterImages.square(&wide, 512).unwrap();
        assert_eq!((size(&square), square.content_type), ((512, 512), "image/jpeg"), "{format:?}");
        assert_eq!(size(&RasterImages.fit(&wide, 1024).unwrap()), (1024, 512), "{format:?}");
    }
    let small = file(&red(40, 20), ImageFormat::Png);
    assert_eq!(size(&RasterImages.square(&small, 512).unwrap()), (20, 20));
    assert_eq!(size(&RasterImages.fit(&small, 1024).unwrap()), (40, 20));
}

#[test]
fn transparency_is_kept() {
    let glass = DynamicImage::ImageRgba8(RgbaImage::from_pixel(64, 64, Rgba([1, 2, 3, 100])));
    let picture = RasterImages.square(&file(&glass, ImageFormat::Png), 512).unwrap();
    assert_eq!(picture.content_type, "image/png");
    let solid = DynamicImage::ImageRgba8(RgbaImage::from_pixel(64, 64, Rgba([1, 2, 3, 255])));
    assert_eq!(RasterImages.square(&file(&solid, ImageFormat::Png), 512).unwrap().content_type, "image/jpeg");
}

#[test]
fn nothing_of_the_original_file_survives() {
    let mut bytes = file(&red(64, 64), ImageFormat::Jpeg);
    // A comment segment right after the start of the image: `FF FE`, its length, the text.
    let secret = b"taken at 52.5N 13.4E";
    let length = u16::try_from(secret.len() + 2).unwrap().to_be_bytes();
    bytes.splice(2..2, [&[0xff, 0xfe], &length[..], secret].concat());
    bytes.extend_from_slice(b"<script>trailing</script>");
    let out = RasterImages.fit(&bytes, 512).unwrap().bytes;
    let holds = |needle: &[u8]| out.windows(needle.len()).any(|window| window == needle);
    assert!(!holds(secret) && !holds(b"<script>"));
}

#[test]
fn what_is_no_picture_or_too_large_is_refused() {
    let refused = |bytes: &[u8]| RasterImages.square(bytes, 512).unwrap_err().0;
    assert!(refused(b"").contains("must be a JPEG"));
    assert!(refused(b"<svg xmlns='http://www.w3.org/2000/svg'/>").contains("must be a JPEG"));
    assert!(refused(b"RIFF\x24\0\0\0WAVEfmt ").contains("must be a JPEG"));
    assert!(refused(&file(&red(4097, 1), ImageFormat::Png)).contains("4096"));
    let whole = file(&red(64, 64), ImageFormat::Png);
    assert!(refused(&whole[..whole.len() / 2]).contains("damaged"));
    for cut in 0..whole.len() {
        drop(RasterImages.square(&whole[..cut], 512));
    }
}

#[test]
fn a_bomb_of_a_picture_is_refused_by_its_header() {
    // 60,000 × 60,000 in a header of a few bytes.
    let mut bytes = file(&red(1, 1), ImageFormat::Png);
    bytes[16..20].copy_from_slice(&60_000_u32.to_be_bytes());
    bytes[20..24].copy_from_slice(&60_000_u32.to_be_bytes());
    assert!(RasterImages.square(&bytes, 512).is_err());
}
