//! A conversation with a mail server of a few lines, and what its refusals mean.

use super::*;
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::{TcpListener, TcpStream},
};
use uuid::Uuid;

fn mail(to: &str) -> Mail {
    Mail {
        to: to.to_owned(),
        subject: "Grüße".to_owned(),
        text: "Hello Ada,\n\nopen this: http://127.0.0.1/#/x\n".to_owned(),
        id: Uuid::from_u128(7),
    }
}

/// Answers one conversation, `verdict` to RCPT, and returns the message.
async fn converse(stream: TcpStream, verdict: &'static str) -> String {
    let mut stream = BufReader::new(stream);
    stream.write_all(b"220 test\r\n").await.unwrap();
    let mut message = String::new();
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line).await.unwrap_or(0) == 0 {
            return message;
        }
        let answer = match line.get(..4).unwrap_or_default() {
            "EHLO" => "250 test",
            "RCPT" => verdict,
            "DATA" => "354 go on",
            "QUIT" => "221 bye",
            _ => "250 ok",
        };
        stream.write_all(format!("{answer}\r\n").as_bytes()).await.unwrap();
        if answer.starts_with("354") {
            while !message.ends_with("\r\n.\r\n") {
                message.push(char::from(stream.read_u8().await.unwrap()));
            }
            stream.write_all(b"250 taken\r\n").await.unwrap();
        }
    }
}

async fn send(verdict: &'static str, mail: Mail) -> (Result<(), MailError>, String) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("smtp://{}", listener.local_addr().unwrap());
    let server = tokio::spawn(async move { converse(listener.accept().await.unwrap().0, verdict).await });
    let mailer = SmtpMailer::new(&url, "The Band <band@music.example>".parse().unwrap()).unwrap();
    let outcome = mailer.send(mail).await;
    drop(mailer);
    (outcome, server.await.unwrap())
}

#[tokio::test]
async fn a_mail_arrives_with_its_id_and_its_text() {
    let (outcome, message) = send("250 ok", mail("ada@example.org")).await;
    assert_eq!(outcome, Ok(()));
    for part in [
        "From: \"The Band\" <band@music.example>",
        "To: ada@example.org",
        "Message-ID: <00000000-0000-0000-0000-000000000007@music.example>",
        "open this: http://127.0.0.1/#/x",
    ] {
        assert!(message.contains(part), "{part} in {message}");
    }
}

#[tokio::test]
async fn refusals_are_told_from_delays() {
    let (outcome, _) = send("550 nobody here", mail("ada@example.org")).await;
    assert!(matches!(outcome, Err(MailError::Permanent(_))), "{outcome:?}");
    let (outcome, _) = send("451 later", mail("ada@example.org")).await;
    assert!(matches!(outcome, Err(MailError::Transient(_))), "{outcome:?}");
    let closed = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let mailer = SmtpMailer::new(&format!("smtp://{closed}"), "a@b.example".parse().unwrap()).unwrap();
    let outcome = mailer.send(mail("ada@example.org")).await;
    assert!(matches!(outcome, Err(MailError::Transient(_))), "{outcome:?}");
}

#[tokio::test]
async fn headers_cannot_be_smuggled_in() {
    let mailer = SmtpMailer::new("smtp://127.0.0.1:9", "a@b.example".parse().unwrap()).unwrap();
    let split = Mail { subject: "Hi\r\nBcc: eve@example.org".to_owned(), ..mail("ada@example.org") };
    for bad in
        [mail("ada@example.org\r\nBcc: eve@example.org"), mail("ada@example.org, eve@example.org"), split]
    {
        assert!(matches!(mailer.send(bad).await, Err(MailError::Permanent(_))));
    }
}

#[test]
fn the_password_of_a_bad_url_is_not_repeated() {
    let error = SmtpMailer::new("imap://band:hunter2@host", "a@b.example".parse().unwrap()).unwrap_err();
    assert!(!format!("{error:?}").contains("hunter2"));
}
