use std::time::Duration;

use lifeline_wire::astm::lis1::{Action, Config, Link, Role, SendId};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpStream, ToSocketAddrs};
use tokio::time::{Instant, sleep_until};

/// Bytes read from the line at a time.
const READ: usize = 4096;

/// Why a played message did not arrive.
#[derive(Debug, thiserror::Error)]
pub enum PlayError {
    /// The line broke.
    #[error(transparent)]
    Line(#[from] std::io::Error),
    /// The message cannot be framed.
    #[error("{0}")]
    Frame(String),
    /// The other side did not take it.
    #[error("the message was not taken: {0}")]
    NotTaken(String),
}

fn records(message: &[u8]) -> Vec<u8> {
    let mut records = Vec::with_capacity(message.len() + 1);
    for line in message
        .split(|byte| matches!(byte, b'\r' | b'\n'))
        .filter(|line| !line.is_empty())
    {
        records.extend_from_slice(line);
        records.push(b'\r');
    }
    records
}

/// A simulated instrument on a LIS01 line.
#[derive(Debug)]
pub struct Instrument {
    line: TcpStream,
    link: Link,
    began: Instant,
    sent: u64,
}

impl Instrument {
    /// Connects to a host.
    ///
    /// # Errors
    /// Nobody listens there.
    pub async fn connect(address: impl ToSocketAddrs, config: Config) -> Result<Self, PlayError> {
        Self::connect_as(Role::Instrument, address, config).await
    }

    /// The same at either end of the line: a host yields where both want to send.
    ///
    /// # Errors
    /// Nobody listens there.
    pub async fn connect_as(
        role: Role,
        address: impl ToSocketAddrs,
        config: Config,
    ) -> Result<Self, PlayError> {
        let line = TcpStream::connect(address).await?;
        Ok(Self {
            line,
            link: Link::new(role, config),
            began: Instant::now(),
            sent: 0,
        })
    }

    /// Sends a message and waits until every frame was acknowledged. Line ends of a capture (CR LF, LF) become the CR of the line.
    ///
    /// # Errors
    /// The line broke, or the host refused.
    pub async fn send(&mut self, message: &[u8]) -> Result<(), PlayError> {
        self.sent += 1;
        let id = SendId(self.sent);
        let now = self.began.elapsed();
        let message = records(message);
        let actions = self
            .link
            .send(id, &message, now)
            .map_err(|error| PlayError::Frame(error.to_string()))?;
        let mut received = Vec::new();
        self.go_on(actions, &mut received, |action| match action {
            Action::Sent(sent) if *sent == id => Some(Ok(())),
            Action::NotSent { id: failed, reason } if *failed == id => {
                Some(Err(PlayError::NotTaken(format!("{reason:?}"))))
            }
            _ => None,
        })
        .await
    }

    /// Waits for a message from the host.
    ///
    /// # Errors
    /// The line broke, or nothing came within `patience`.
    pub async fn receive(&mut self, patience: Duration) -> Result<Vec<u8>, PlayError> {
        let mut received = Vec::new();
        let waited = tokio::time::timeout(
            patience,
            self.go_on(Vec::new(), &mut received, |action| match action {
                Action::Received { .. } => Some(Ok(())),
                _ => None,
            }),
        );
        match waited.await {
            Ok(result) => result?,
            Err(_) => return Err(PlayError::NotTaken("no message came".into())),
        }
        Ok(received)
    }

    async fn go_on(
        &mut self,
        first: Vec<Action>,
        received: &mut Vec<u8>,
        done: impl Fn(&Action) -> Option<Result<(), PlayError>>,
    ) -> Result<(), PlayError> {
        let mut buffer = vec![0u8; READ];
        let mut actions: std::collections::VecDeque<Action> = first.into();
        loop {
            while let Some(action) = actions.pop_front() {
                match &action {
                    Action::Send(bytes) => self.line.write_all(bytes).await?,
                    Action::Store { id, .. } => {
                        let now = self.began.elapsed();
                        actions.extend(self.link.stored(*id, now));
                    }
                    Action::Received { text, .. } => received.clone_from(text),
                    _ => {}
                }
                if let Some(result) = done(&action) {
                    // What is left (the EOT of our own transfer) still goes out.
                    for action in actions {
                        if let Action::Send(bytes) = action {
                            self.line.write_all(&bytes).await?;
                        }
                    }
                    return result;
                }
            }
            let now = self.began.elapsed();
            let due = self
                .link
                .deadline()
                .unwrap_or(now + Duration::from_secs(60));
            let more = tokio::select! {
                read = self.line.read(&mut buffer) => match read? {
                    0 => return Err(PlayError::NotTaken("the host hung up".into())),
                    count => self.link.feed(buffer.get(..count).unwrap_or_default(), self.began.elapsed()),
                },
                () = sleep_until(self.began + due) => self.link.tick(self.began.elapsed()),
            };
            actions.extend(more);
        }
    }
}
