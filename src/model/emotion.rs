//! What a text says of feelings: the 28 labels of GoEmotions, how likely each is, and what is shown of that.
//!
//! Only the probabilities and who read them are stored; valence, arousal and families follow from them and can change without
//! reading a text again. Which labels pass is up to the model, which knows its thresholds.

mod distribution;
mod family;
mod label;
mod reading;

pub use distribution::Distribution;
pub use family::Family;
pub use label::{Affect, Label};
pub use reading::{Correction, EmotionReading, ReadingStatus, Verdict};
