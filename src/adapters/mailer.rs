//! Mail over SMTP, with TLS by rustls. One recipient a message; a line break in a header cannot be written.

#[cfg(test)]
mod tests;

use async_trait::async_trait;
use lettre::{
    AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor,
    message::{Mailbox, header::ContentType},
};
use model::ports::{Mail, MailError, Mailer};
use std::time::Duration;

/// How long one command of the conversation may take.
const TIMEOUT: Duration = Duration::from_secs(30);

/// A mail server.
#[derive(Clone)]
pub struct SmtpMailer {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    from: Mailbox,
}

impl std::fmt::Debug for SmtpMailer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SmtpMailer").finish_non_exhaustive()
    }
}

impl SmtpMailer {
    /// A mail server by its URL: `smtps://user:password@host`, `smtp://host:25` in the clear, or
    /// `smtp://host:587?tls=required` with STARTTLS. Nothing is sent yet.
    ///
    /// # Errors
    /// If the URL is not one of these.
    pub fn new(url: &str, from: Mailbox) -> anyhow::Result<Self> {
        let transport = AsyncSmtpTransport::<Tokio1Executor>::from_url(url)
            // The error may quote the URL, and the URL holds a password.
            .map_err(|_| anyhow::anyhow!("the SMTP URL cannot be used"))?;
        Ok(Self { transport: transport.timeout(Some(TIMEOUT)).build(), from })
    }

    fn message(&self, mail: Mail) -> Result<Message, MailError> {
        let refused = |error: &dyn std::fmt::Display| MailError::Permanent(error.to_string());
        if mail.subject.contains(['\r', '\n']) {
            return Err(refused(&"a line break in the subject"));
        }
        let host = self.from.email.domain();
        Message::builder()
            .from(self.from.clone())
            .to(Mailbox::new(None, mail.to.parse().map_err(|error| refused(&error))?))
            .subject(mail.subject)
            .message_id(Some(format!("<{}@{host}>", mail.id)))
            .header(ContentType::TEXT_PLAIN)
            .body(mail.text)
            .map_err(|error| refused(&error))
    }
}

#[async_trait]
impl Mailer for SmtpMailer {
    async fn send(&self, mail: Mail) -> Result<(), MailError> {
        let message = self.message(mail)?;
        match self.transport.send(message).await {
            Ok(_) => Ok(()),
            Err(error) if error.is_permanent() => Err(MailError::Permanent(error.to_string())),
            Err(error) => Err(MailError::Transient(error.to_string())),
        }
    }
}
