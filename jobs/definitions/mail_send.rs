//! `mail.send`: sends one mail. Its text is written now, from the rows as they are now; its `Message-ID` is the same on
//! every try, so that a mail that went out twice is seen as one.

use crate::{
    Job, JobContext, JobError,
    job::{AfterRestore, Queue, Retry},
};
use async_trait::async_trait;
use model::ports::MailError;
use serde::{Deserialize, Serialize};
use service::mail::MailOrder;
use std::time::Duration;

/// Sends one mail.
#[derive(Debug, Serialize, Deserialize)]
pub struct MailSend {
    /// Which.
    pub order: MailOrder,
}

#[async_trait]
impl Job for MailSend {
    const NAME: &'static str = "mail.send";
    const QUEUE: Queue = Queue::Mail;
    const RETRY: Retry = Retry::PATIENT;
    const TIMEOUT: Duration = Duration::from_secs(60);
    const AFTER_RESTORE: AfterRestore = AfterRestore::CalledOff;

    fn key(&self) -> String {
        self.order.id.to_string()
    }

    async fn run(&self, cx: &JobContext) -> Result<(), JobError> {
        // Without a mail server nothing is sent, and administrators are shown the links instead.
        let Some(mailer) = &cx.parts().mailer else { return Ok(()) };
        // Used or lapsed meanwhile: there is no reason for the mail any more.
        let Some(mail) = cx.service().mail_to_send(&self.order, cx.now()).await? else { return Ok(()) };
        mailer.send(mail).await.map_err(|error| match error {
            MailError::Transient(why) => JobError::Transient(why),
            MailError::Permanent(why) => {
                tracing::warn!(job.id = %cx.job().id, error = why, "the mail server refuses a message");
                JobError::permanent("mail_refused", "the mail server refuses the message")
            }
        })
    }
}
