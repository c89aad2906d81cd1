use lifeline_wire::Limits;
use lifeline_wire::hl7::mllp::{Config, Event, Reader, frame};
use lifeline_wire::hl7::reply::{Code, Ours, acknowledge, reject_unreadable, wanted};
use lifeline_wire::hl7::{self};
use lifeline_wire::profile::{DomainReading, Envelope, orders, read};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

use super::answer::work;
use super::inbox::Inbox;

/// Bytes read from the line at a time.
const READ: usize = 8192;

/// Speaks MLLP with the machine until the line breaks.
pub(super) async fn session<S>(mut line: S, inbox: &Inbox, config: Config) -> std::io::Result<()>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let mut reader = Reader::new(config);
    let mut buffer = vec![0u8; READ];
    let mut answered = 0u64;
    loop {
        let count = line.read(&mut buffer).await?;
        if count == 0 {
            return Ok(());
        }
        for event in reader.feed(buffer.get(..count).unwrap_or_default()) {
            match event {
                Event::Message { bytes, .. } => {
                    for answer in message(inbox, &bytes, &mut answered).await {
                        line.write_all(&frame(&config, &answer)).await?;
                    }
                    line.flush().await?;
                }
                Event::Cut { bytes, at } => {
                    tracing::warn!(
                        link = inbox.link,
                        at,
                        length = bytes.len(),
                        "a message broke off; the device will send again"
                    );
                }
                Event::TooLong { at } => {
                    tracing::warn!(
                        link = inbox.link,
                        at,
                        "a message longer than allowed was refused"
                    );
                    answered += 1;
                    let (time, id) = envelope(inbox, answered);
                    let ours = Ours {
                        control_id: &id,
                        time: &time,
                    };
                    line.write_all(&frame(
                        &config,
                        &reject_unreadable(ours, "message too long"),
                    ))
                    .await?;
                }
                Event::Noise { bytes, at } => {
                    tracing::info!(link = inbox.link, at, bytes, "bytes outside of messages")
                }
            }
        }
    }
}

fn envelope(inbox: &Inbox, answered: u64) -> (String, String) {
    let desk = inbox.desk();
    let at = desk.clock().now();
    let time = desk
        .state()
        .offset(at)
        .to_datetime(at)
        .strftime("%Y%m%d%H%M%S")
        .to_string();
    (time, format!("L{}-{answered}", at.as_millisecond()))
}

/// Stores, acknowledges, files and answers one message. What is not stored gets an error code, so that the device sends again.
async fn message(inbox: &Inbox, bytes: &[u8], answered: &mut u64) -> Vec<Vec<u8>> {
    *answered += 1;
    let (time, id) = envelope(inbox, *answered);
    let ours = Ours {
        control_id: &id,
        time: &time,
    };
    let stored = inbox.store(bytes).await;
    let decoded = hl7::decode(bytes, &Limits::default());
    let first = decoded.as_ref().ok().and_then(|messages| messages.first());
    let (Some(first), Ok(stored)) = (first, &stored) else {
        if let Err(error) = &stored {
            tracing::error!(link = inbox.link, %error, "not stored; the device will send again");
        }
        if let Ok(stored) = &stored
            && let Err(error) = inbox.file(stored.message, bytes).await
        {
            tracing::error!(link = inbox.link, %error, "stored but not filed");
        }
        return vec![match first {
            Some(first) if wanted(first).accept.wants(false) => {
                acknowledge(first, Code::CE, ours, Some("not stored"))
            }
            Some(first) => acknowledge(first, Code::AE, ours, Some("not stored")),
            None => reject_unreadable(ours, "not an HL7 message"),
        }];
    };
    let wanted = wanted(first);
    let mut answers = Vec::new();
    if wanted.accept.wants(true) {
        answers.push(acknowledge(first, Code::CA, ours, None));
    }
    let reading = if stored.fresh {
        match inbox.file(stored.message, bytes).await {
            Ok(reading) => reading,
            Err(error) => {
                tracing::error!(link = inbox.link, %error, "stored but not filed; it is tried again at the next start");
                DomainReading::default()
            }
        }
    } else {
        read(&inbox.profile, bytes)
    };
    if reading.queries.iter().any(|query| !query.cancel) {
        answers.extend(answer(inbox, &reading, bytes, &time, &id));
    } else if wanted.application.wants(true) {
        // What could not be filed waits in our error queue: the device has done its part.
        answers.push(acknowledge(first, Code::AA, ours, None));
    }
    answers
}

fn answer(
    inbox: &Inbox,
    reading: &DomainReading,
    bytes: &[u8],
    time: &str,
    id: &str,
) -> Vec<Vec<u8>> {
    let desk = inbox.desk();
    let (state, at) = (desk.state(), desk.clock().now());
    let items: Vec<_> = reading
        .queries
        .iter()
        .filter(|query| !query.cancel)
        .flat_map(|query| work(&state, &inbox.profile, query, at))
        .collect();
    let control_id = format!("{id}-Q");
    match orders(
        &inbox.profile,
        &items,
        &Envelope {
            time,
            control_id: &control_id,
            query: Some(bytes),
        },
    ) {
        Ok(messages) => messages,
        Err(error) => {
            tracing::warn!(link = inbox.link, %error, "a query cannot be answered");
            Vec::new()
        }
    }
}
