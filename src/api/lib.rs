//! src/api
