//! `emotion_readings`: what models read out of comments.

use model::{CommentId, emotion::EmotionReading};

use crate::{Table, TableId, record};

/// Readings, by comment.
#[derive(Debug)]
pub struct EmotionReadings;

impl Table for EmotionReadings {
    const ID: TableId = TableId::EmotionReadings;
    type Key = CommentId;
    type Row = EmotionReading;
}
record!(EmotionReading, 1);
