use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::sleep;
use tokio_serial::SerialPortBuilderExt;

use super::inbox::Inbox;
use super::{LinkError, astm, mllp};

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
    loop {
        match listener.accept().await {
            Ok((stream, peer)) => {
                tracing::info!(link = inbox.link, %peer, "connected");
                if let Some(old) = current.take() {
                    old.abort();
                }
                let inbox = inbox.clone();
                current = Some(tokio::spawn(async move { talk(stream, &inbox).await }));
            }
            Err(error) => {
                tracing::warn!(link = inbox.link, %error, "cannot accept");
                sleep(AGAIN).await;
            }
        }
    }
}

/// We are the client.
pub(super) async fn dial(peer: SocketAddr, inbox: Inbox) {
    loop {
        match TcpStream::connect(peer).await {
            Ok(stream) => talk(stream, &inbox).await,
            Err(error) => tracing::warn!(link = inbox.link, %peer, %error, "cannot connect"),
        }
        sleep(AGAIN).await;
    }
}

/// A serial line.
pub(super) async fn serial(port: String, baud: u32, inbox: Inbox) {
    loop {
        match tokio_serial::new(&port, baud).open_native_async() {
            Ok(stream) => talk(stream, &inbox).await,
            Err(error) => tracing::warn!(link = inbox.link, port, %error, "cannot open"),
        }
        sleep(AGAIN).await;
    }
}

async fn talk<S>(stream: S, inbox: &Inbox)
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let ended = if let Some(config) = inbox.profile.lis1() {
        astm::session(stream, inbox, config).await
    } else if let Some(config) = inbox.profile.mllp() {
        mllp::session(stream, inbox, config).await
    } else {
        Ok(())
    };
    match ended {
        Ok(()) => tracing::info!(link = inbox.link, "disconnected"),
        Err(error) => tracing::warn!(link = inbox.link, %error, "the line broke"),
    }
}
