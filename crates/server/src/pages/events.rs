//! The live stream: what kind of thing changed, never what. A page that shows it fetches its part anew.

use std::collections::{BTreeSet, VecDeque};
use std::convert::Infallible;
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::routing::get;
use futures_util::stream::{Stream, unfold};
use lifeline_core::people::Action;
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::{RecvError, TryRecvError};
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::{Instant, Interval, MissedTickBehavior, interval, sleep, sleep_until};

use crate::app::App;
use crate::desk::Published;
use crate::web::{PageError, Visit};

/// Streams open at a time; beyond it a browser tries again later.
pub const STREAMS_MOST: usize = 2_000;
/// A stream ends after this long; the browser comes back and is asked again who it is.
pub const STREAM_LONGEST: Duration = Duration::from_secs(30 * 60);
/// How long changes are gathered, so that a busy desk does not make every screen flicker.
const GATHER: Duration = Duration::from_millis(250);
/// How often a line without news says that it lives.
const KEEP_ALIVE: Duration = Duration::from_secs(15);
/// How often alarms are looked at because time passes.
const TICK: Duration = Duration::from_secs(60);

static PLACES: Semaphore = Semaphore::const_new(STREAMS_MOST);

/// The route of the stream.
pub fn routes() -> Router<App> {
    Router::new().route("/events", get(events))
}

struct Line {
    published: Receiver<Published>,
    tick: Interval,
    until: Instant,
    ready: VecDeque<Event>,
    seq: u64,
    _place: SemaphorePermit<'static>,
}

async fn events(
    State(app): State<App>,
    visit: Visit,
) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>>>, PageError> {
    app.look(&visit, Action::ViewBoard)?;
    let place = PLACES.try_acquire().map_err(|_| PageError::Busy)?;
    let published = app.desk.listen();
    let mut tick = interval(TICK);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    tick.reset();
    let line = Line {
        published,
        tick,
        until: Instant::now() + STREAM_LONGEST,
        ready: VecDeque::new(),
        seq: app.state().seq,
        _place: place,
    };
    let stream = unfold(line, |mut line| async move {
        let event = line.next().await?;
        Some((Ok(event), line))
    });
    Ok(Sse::new(stream).keep_alive(KeepAlive::new().interval(KEEP_ALIVE)))
}

impl Line {
    async fn next(&mut self) -> Option<Event> {
        loop {
            if let Some(event) = self.ready.pop_front() {
                return Some(event);
            }
            tokio::select! {
                () = sleep_until(self.until) => return None,
                _ = self.tick.tick() => self.put("alarms"),
                news = self.published.recv() => match news {
                    Ok(first) => self.gather(first).await,
                    Err(RecvError::Lagged(_)) => self.put("refresh"),
                    Err(RecvError::Closed) => return None,
                },
            }
        }
    }

    /// Everything that is published within a moment becomes one event a name.
    async fn gather(&mut self, first: Published) {
        let mut names = BTreeSet::new();
        let mut take = |published: Published, seq: &mut u64| {
            *seq = published.seq;
            names.extend(published.kinds.iter().filter_map(|kind| name(kind)));
        };
        take(first, &mut self.seq);
        sleep(GATHER).await;
        loop {
            match self.published.try_recv() {
                Ok(published) => take(published, &mut self.seq),
                Err(TryRecvError::Lagged(_)) => {
                    self.put("refresh");
                    return;
                }
                Err(TryRecvError::Empty | TryRecvError::Closed) => break,
            }
        }
        if names.iter().any(|name| ALARMING.contains(name)) {
            names.insert("alarms");
        }
        if names.contains("unit") {
            names.insert("stock");
        }
        for name in names {
            self.put(name);
        }
    }

    fn put(&mut self, name: &str) {
        self.ready
            .push_back(Event::default().event(name).data(self.seq.to_string()));
    }
}

/// Changes of these may raise or end an alarm.
const ALARMING: [&str; 8] = [
    "unit",
    "test",
    "request",
    "crossmatch",
    "issue",
    "device",
    "sample",
    "near_miss",
];

/// The subject in front of the dot of a kind. Refusals change nothing that a page shows.
fn name(kind: &'static str) -> Option<&'static str> {
    kind.split_once('.')
        .map(|(subject, _)| subject)
        .filter(|subject| *subject != "audit")
}
