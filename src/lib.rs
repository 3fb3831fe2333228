//! Backline.
