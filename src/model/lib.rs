//! src/model
