//! The jobs: one file each, and one for the housekeeping that the clock starts.

pub mod backup_run;
pub mod comments_carry;
pub mod mail_send;
pub mod mix_tell;
pub mod mixdown_render;
pub mod rendition_make;
pub mod reviews_weigh;
pub mod search_reindex;
pub mod upkeep;
pub mod version_process;
