//! The world behind the ports of the model: clock, ids, pictures, mail.

pub mod audio_tools;
pub mod clock;
pub mod ids;
pub mod images;
pub mod mailer;
