//! What the process has around it: a clock, randomness, the mail server, its own binary.

use super::trial::ChildTrial;
use crate::{
    adapters::{
        audio_tools::AudioChild, clock::SystemClock, ids::RandomIds, images::RasterImages, mailer::SmtpMailer,
    },
    config::Config,
};
use anyhow::Result;
use jobs::decoder::Decoder;
use model::{
    access::Access,
    ports::{AudioTools, Clock, IdGen, Images, Mailer},
};
use std::{path::PathBuf, sync::Arc};

/// The adapters behind the ports.
#[derive(Clone)]
pub struct World {
    /// The wall clock.
    pub clock: Arc<dyn Clock>,
    /// Ids and secrets.
    pub ids: Arc<dyn IdGen>,
    /// Sends mail, where a mail server is configured.
    pub mailer: Option<Arc<dyn Mailer>>,
    /// Makes pictures safe.
    pub images: Arc<dyn Images>,
    /// Looks at recordings.
    pub audio: Arc<dyn AudioTools>,
    /// Who may do what.
    pub access: Access,
    /// The `backline` binary, which is started anew as a decoding child and for the trial opening of a store.
    pub program: PathBuf,
}

impl World {
    /// The real one.
    pub fn real(config: &Config) -> Result<Self> {
        let program = std::env::current_exe()?;
        let mailer = match config.mail() {
            Some((url, from)) => Some(Arc::new(SmtpMailer::new(url.expose(), from)?) as Arc<dyn Mailer>),
            None => None,
        };
        Ok(Self {
            clock: Arc::new(SystemClock),
            ids: Arc::new(RandomIds::default()),
            mailer,
            images: Arc::new(RasterImages),
            audio: Arc::new(AudioChild::new(Decoder::new(program.clone()))),
            access: Access::default(),
            program,
        })
    }

    pub(super) fn trial(&self) -> ChildTrial {
        ChildTrial::new(self.program.clone())
    }
}
