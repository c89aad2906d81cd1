use std::time::Duration;

use lifeline_wire::astm::lis1::{Action, Config, Link, SendId};
use lifeline_wire::profile::{Envelope, orders};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::time::{Instant, sleep_until, timeout};

use super::answer::work;
use super::inbox::{Inbox, Stored};

/// Bytes read from the line at a time.
const READ: usize = 8192;
/// When nothing is due, the link still looks at the clock this often.
const IDLE: Duration = Duration::from_secs(60);

/// Speaks LIS01 with the machine until the line breaks.
pub(super) async fn session<S>(stream: S, inbox: &Inbox, config: Config) -> std::io::Result<()>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let storing = config.timers.store;
    let mut session = Session {
        line: stream,
        link: Link::host(config),
        inbox,
        began: Instant::now(),
        storing,
        message: Vec::new(),
        parts: false,
        stored: Vec::new(),
        sent: 0,
    };
    session.run().await
}

struct Session<'a, S> {
    line: S,
    link: Link,
    inbox: &'a Inbox,
    began: Instant,
    storing: Duration,
    /// Text of the current message, as far as it came in.
    message: Vec<u8>,
    /// Whether a part of it was stored by itself.
    parts: bool,
    /// Messages of this transfer that are durable and wait for its end to be filed.
    stored: Vec<(Stored, Vec<u8>)>,
    sent: u64,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Session<'_, S> {
    fn now(&self) -> Duration {
        self.began.elapsed()
    }

    async fn run(&mut self) -> std::io::Result<()> {
        let mut buffer = vec![0u8; READ];
        loop {
            let due = self
                .link
                .deadline()
                .map_or_else(|| self.now() + IDLE, |due| due.min(self.now() + IDLE));
            let actions = tokio::select! {
                read = self.line.read(&mut buffer), if self.link.wants_input() => match read? {
                    0 => {
                        let actions = self.link.disconnected(self.now());
                        self.perform(actions).await?;
                        return Ok(());
                    }
                    count => {
                        let now = self.now();
                        self.link.feed(buffer.get(..count).unwrap_or_default(), now)
                    }
                },
                () = sleep_until(self.began + due) => {
                    let now = self.now();
                    self.link.tick(now)
                }
            };
            self.perform(actions).await?;
        }
    }

    async fn perform(&mut self, actions: Vec<Action>) -> std::io::Result<()> {
        let mut actions: std::collections::VecDeque<Action> = actions.into();
        while let Some(action) = actions.pop_front() {
            match action {
                Action::Send(bytes) => self.line.write_all(&bytes).await?,
                Action::Store {
                    id,
                    bytes,
                    ends_message,
                    ..
                } => {
                    let durable = match timeout(self.storing, self.store(bytes, ends_message)).await
                    {
                        Ok(durable) => durable,
                        Err(_) => {
                            tracing::error!(
                                link = self.inbox.link,
                                "storing took too long; the device will send again"
                            );
                            false
                        }
                    };
                    let now = self.now();
                    let more = if durable {
                        self.link.stored(id, now)
                    } else {
                        self.link.not_stored(id, now)
                    };
                    for action in more.into_iter().rev() {
                        actions.push_front(action);
                    }
                }
                Action::Received { .. } | Action::Abandoned { .. } => {
                    if let Action::Abandoned { reason, .. } = &action {
                        tracing::warn!(link = self.inbox.link, ?reason, "a transfer broke off");
                    }
                    for action in self.end_of_transfer().await.into_iter().rev() {
                        actions.push_front(action);
                    }
                }
                Action::Sent(_) => {}
                Action::NotSent { id, reason } => {
                    tracing::warn!(
                        link = self.inbox.link,
                        ?id,
                        ?reason,
                        "an answer was not taken by the device"
                    );
                }
                Action::Notice(notice) => tracing::info!(link = self.inbox.link, ?notice, "link"),
            }
        }
        self.line.flush().await
    }

    async fn store(&mut self, bytes: Vec<u8>, ends_message: bool) -> bool {
        let before = self.message.len();
        self.message.extend_from_slice(&bytes);
        let result = if ends_message {
            self.inbox.store(&self.message).await.map(Some)
        } else {
            self.inbox.store_part(&bytes).await.map(|()| None)
        };
        match result {
            Ok(Some(stored)) => {
                self.stored
                    .push((stored, std::mem::take(&mut self.message)));
                self.parts = false;
                true
            }
            Ok(None) => {
                self.parts = true;
                true
            }
            Err(error) => {
                tracing::error!(link = self.inbox.link, %error, "not stored; the device will send again");
                self.message.truncate(before);
                false
            }
        }
    }

    /// Files what the transfer brought, and answers what it asked.
    async fn end_of_transfer(&mut self) -> Vec<Action> {
        let mut actions = Vec::new();
        if !self.message.is_empty() && self.parts {
            let bytes = std::mem::take(&mut self.message);
            match self.inbox.store(&bytes).await {
                Ok(stored) => self.stored.push((stored, bytes)),
                // The parts are durable; the next start puts them together.
                Err(error) => {
                    tracing::error!(link = self.inbox.link, %error, "a message without end was not stored")
                }
            }
        }
        self.message.clear();
        self.parts = false;
        for (stored, bytes) in std::mem::take(&mut self.stored) {
            let reading = if stored.fresh {
                match self.inbox.file(stored.message, &bytes).await {
                    Ok(reading) => reading,
                    Err(error) => {
                        tracing::error!(link = self.inbox.link, %error, "stored but not filed; it is tried again at the next start");
                        continue;
                    }
                }
            } else {
                lifeline_wire::profile::read(&self.inbox.profile, &bytes)
            };
            for query in reading.queries.iter().filter(|query| !query.cancel) {
                actions.extend(self.answer(query, &bytes));
            }
        }
        actions
    }

    fn answer(&mut self, query: &lifeline_wire::profile::Query, bytes: &[u8]) -> Vec<Action> {
        let mut actions = Vec::new();
        let desk = self.inbox.desk();
        let (state, at) = (desk.state(), desk.clock().now());
        let items = work(&state, &self.inbox.profile, query, at);
        let time = state
            .offset(at)
            .to_datetime(at)
            .strftime("%Y%m%d%H%M%S")
            .to_string();
        let control_id = format!("L{}", at.as_millisecond());
        let envelope = Envelope {
            time: &time,
            control_id: &control_id,
            query: Some(bytes),
        };
        match orders(&self.inbox.profile, &items, &envelope) {
            Ok(messages) => {
                for message in messages {
                    self.sent += 1;
                    let now = self.now();
                    match self.link.send(SendId(self.sent), &message, now) {
                        Ok(more) => actions.extend(more),
                        Err(error) => {
                            tracing::warn!(link = self.inbox.link, %error, "an answer could not be queued")
                        }
                    }
                }
            }
            Err(error) => {
                tracing::warn!(link = self.inbox.link, %error, "a query cannot be answered")
            }
        }
        actions
    }
}
