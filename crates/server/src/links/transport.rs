use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::sleep;
use tokio_serial::SerialPortBuilderExt;

use super::inbox::Inbox;
use super::{LineState, LinkError, astm, mllp};

/// How long a link waits before it opens a broken line again.
const AGAIN: Duration = Duration::from_secs(5);

pub(super) async fn bind(link: &str, address: SocketAddr) -> Result<TcpListener, LinkError> {
    TcpListener::bind(address)
        .await
        .map_err(|source| LinkError::Listen {
            link: link.into(),
            address,
            source,
        })
}

/// We are the server. A device has one line: a new connection takes the place of one that broke without a word.
pub(super) async fn serve(listener: TcpListener, inbox: Inbox) {
    let mut current: Option<tokio::task::JoinHandle<()>> = None;
    inbox.line(LineState::Waiting);
    loop {
        match listener.accept().await {
            Ok((stream, peer)) => {
                tracing::info!(link = inbox.link, %peer, "connected");
                if let Some(old) = current.take() {
                    old.abort();
                }
                let inbox = inbox.clone();
                current = Some(tokio::spawn(async move {
                    // A machine that calls hangs up when it has no more to say: that is no fault.
                    let _ = talk(stream, &inbox).await;
                    inbox.line(LineState::Waiting);
                }));
            }
            Err(error) => {
                tracing::warn!(link = inbox.link, %error, "cannot accept");
                inbox.line(LineState::Down {
                    reason: error.to_string(),
                });
                sleep(AGAIN).await;
            }
        }
    }
}

/// We are the client.
pub(super) async fn dial(peer: SocketAddr, inbox: Inbox) {
    loop {
        match TcpStream::connect(peer).await {
            Ok(stream) => hung_up(&inbox, talk(stream, &inbox).await),
            Err(error) => {
                tracing::warn!(link = inbox.link, %peer, %error, "cannot connect");
                hung_up(&inbox, Err(error));
            }
        }
        sleep(AGAIN).await;
    }
}

/// A serial line.
pub(super) async fn serial(port: String, baud: u32, inbox: Inbox) {
    loop {
        match tokio_serial::new(&port, baud).open_native_async() {
            Ok(stream) => hung_up(&inbox, talk(stream, &inbox).await),
            Err(error) => {
                tracing::warn!(link = inbox.link, port, %error, "cannot open");
                hung_up(&inbox, Err(error.into()));
            }
        }
        sleep(AGAIN).await;
    }
}

/// A line that we open should stand; when it ends it is down until it stands again.
fn hung_up(inbox: &Inbox, ended: std::io::Result<()>) {
    let reason = ended
        .err()
        .map(|error| error.to_string())
        .unwrap_or_default();
    inbox.line(LineState::Down { reason });
}

async fn talk<S>(stream: S, inbox: &Inbox) -> std::io::Result<()>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    inbox.line(LineState::Up);
    let ended = if let Some(config) = inbox.profile.lis1() {
        astm::session(stream, inbox, config).await
    } else if let Some(config) = inbox.profile.mllp() {
        mllp::session(stream, inbox, config).await
    } else {
        Ok(())
    };
    match &ended {
        Ok(()) => tracing::info!(link = inbox.link, "disconnected"),
        Err(error) => tracing::warn!(link = inbox.link, %error, "the line broke"),
    }
    ended
}
