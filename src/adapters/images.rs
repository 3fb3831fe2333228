//! Pictures made safe: decoded within bounds, turned upright, cropped or shrunk, encoded anew. Nothing of the original file
//! is kept, so neither its metadata nor anything hidden in it travels on.

#[cfg(test)]
mod tests;

use bytes::Bytes;
use image::{
    DynamicImage, ImageDecoder, ImageFormat, ImageReader, Limits, codecs::jpeg::JpegEncoder,
    imageops::FilterType,
};
use model::{
    limits,
    ports::{Images, Picture, PictureError},
};
use std::io::Cursor;

/// Quality of JPEG, of 100.
const JPEG_QUALITY: u8 = 85;
/// The most memory a decoder may take, in bytes: the largest picture at 16 bits and four channels, and a little.
const DECODER_BYTES_MAX: u64 = 160 * 1024 * 1024;

/// Reads JPEG, PNG, WebP and the first frame of GIF; writes JPEG, or PNG where something is transparent.
#[derive(Clone, Copy, Debug, Default)]
pub struct RasterImages;

impl Images for RasterImages {
    fn square(&self, bytes: &[u8], side: u32) -> Result<Picture, PictureError> {
        let picture = decode(bytes)?;
        let side = side.min(picture.width()).min(picture.height()).max(1);
        encode(&picture.resize_to_fill(side, side, FilterType::Triangle))
    }

    fn fit(&self, bytes: &[u8], side: u32) -> Result<Picture, PictureError> {
        let picture = decode(bytes)?;
        if picture.width().max(picture.height()) <= side {
            return encode(&picture);
        }
        encode(&picture.resize(side, side, FilterType::Triangle))
    }
}

fn decode(bytes: &[u8]) -> Result<DynamicImage, PictureError> {
    const UNKNOWN: PictureError = PictureError("must be a JPEG, PNG, WebP or GIF picture");
    const BROKEN: PictureError = PictureError("cannot be decoded: the picture is damaged");
    let mut reader = ImageReader::new(Cursor::new(bytes)).with_guessed_format().map_err(|_| UNKNOWN)?;
    match reader.format() {
        Some(ImageFormat::Jpeg | ImageFormat::Png | ImageFormat::WebP | ImageFormat::Gif) => {}
        Some(_) | None => return Err(UNKNOWN),
    }
    let mut bounds = Limits::default();
    bounds.max_image_width = Some(limits::IMAGE_SIDE_MAX);
    bounds.max_image_height = Some(limits::IMAGE_SIDE_MAX);
    bounds.max_alloc = Some(DECODER_BYTES_MAX);
    reader.limits(bounds);
    let mut decoder = reader.into_decoder().map_err(|error| match error {
        image::ImageError::Limits(_) => PictureError("must have at most 4096 pixels on each side"),
        _ => BROKEN,
    })?;
    let upright = decoder.orientation().map_err(|_| BROKEN)?;
    let mut picture = DynamicImage::from_decoder(decoder).map_err(|_| BROKEN)?;
    picture.apply_orientation(upright);
    Ok(picture)
}

fn encode(picture: &DynamicImage) -> Result<Picture, PictureError> {
    let failed = |_| PictureError("cannot be encoded");
    let mut bytes = Vec::new();
    let content_type = if is_transparent(picture) {
        picture.to_rgba8().write_to(&mut Cursor::new(&mut bytes), ImageFormat::Png).map_err(failed)?;
        "image/png"
    } else {
        let encoder = JpegEncoder::new_with_quality(&mut bytes, JPEG_QUALITY);
        picture.to_rgb8().write_with_encoder(encoder).map_err(failed)?;
        "image/jpeg"
    };
    Ok(Picture { bytes: Bytes::from(bytes), content_type })
}

fn is_transparent(picture: &DynamicImage) -> bool {
    picture.color().has_alpha() && picture.to_rgba8().pixels().any(|pixel| pixel.0[3] != u8::MAX)
}
