//! jobs/audio
