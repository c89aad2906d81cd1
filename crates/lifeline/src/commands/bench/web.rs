//! `bench web`: how long the board, a bag's page and the issue form take for many clients at once, with the desk under load.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Context;
use axum::http::header::{CONTENT_TYPE, COOKIE, HOST, SET_COOKIE};
use axum::http::{Request, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper_util::rt::TokioIo;
use lifeline_core::blood::UnitId;
use lifeline_core::id::RequestId;
use lifeline_server::desk::Desk;
use lifeline_server::serve::{listen, run as serve};
use rand::rngs::SmallRng;
use rand::{Rng, SeedableRng};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

use super::history::demonstration;
use super::measure::{Folder, Times};
use super::traffic;

/// How many, how long.
#[derive(clap::Args)]
pub struct Arguments {
    /// Clients, each on its own connection, each asking again as soon as it is answered.
    #[arg(long, default_value_t = 200)]
    clients: usize,
    /// Seconds for each page.
    #[arg(long, default_value_t = 10.0)]
    seconds: f64,
    /// Callers that keep the desk busy meanwhile, moving bags; 0 for an idle desk.
    #[arg(long, default_value_t = 16)]
    callers: usize,
}

/// What a client asks for, again and again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ask {
    Board,
    Bag,
    /// A hand-over without the second signature: the whole gate and a durable refusal.
    IssueUnsigned,
    /// The same with a second person's password, whose digest is slow on purpose.
    IssueSigned,
}

impl Ask {
    const ALL: [(Self, &'static str); 4] = [
        (Self::Board, "board"),
        (Self::Bag, "bag"),
        (Self::IssueUnsigned, "issue, one signature"),
        (Self::IssueSigned, "issue, two signatures"),
    ];
}

/// Everything a client must know.
struct Stage {
    address: SocketAddr,
    cookie: String,
    csrf: String,
    bags: Vec<UnitId>,
    requests: Vec<RequestId>,
}

/// Serves the demonstration in this process and asks for each page in turn, first by one client, then by all.
pub async fn run(arguments: Arguments) -> anyhow::Result<Vec<Value>> {
    let folder = Folder::new(None)?;
    let app = demonstration(&folder.database()).await?;
    let (listener, address) = listen(SocketAddr::from(([127, 0, 0, 1], 0))).await?;
    let desk = app.desk.clone();
    let state = app.state();
    let server = tokio::spawn(serve(app, listener));
    let span = Duration::try_from_secs_f64(arguments.seconds)?;
    let shelf: Vec<UnitId> = state.units.shelf().map(|unit| unit.id).collect();
    let (moving, bags) = shelf
        .split_at_checked(arguments.callers)
        .context("enough bags for the callers")?;
    let (cookie, csrf) = sign_in(address).await?;
    let stage = Arc::new(Stage {
        address,
        cookie,
        csrf,
        bags: bags.to_vec(),
        requests: state.requests.iter().map(|request| request.id).collect(),
    });
    drop(state);
    anyhow::ensure!(
        !stage.bags.is_empty() && !stage.requests.is_empty(),
        "bags and requests"
    );
    let mut rows = Vec::new();
    for (ask, name) in Ask::ALL {
        let alone = clients(&stage, ask, 1, span / 4, &desk, &[]).await?;
        let crowd = clients(&stage, ask, arguments.clients, span, &desk, moving).await?;
        rows.push(row(name, 1, span / 4, alone));
        rows.push(row(name, arguments.clients, span, crowd));
    }
    server.abort();
    Ok(rows)
}

fn row(name: &str, clients: usize, span: Duration, mut crowd: Crowd) -> Value {
    json!({
        "page": name,
        "clients": clients,
        "answers_per_s": crowd.times.len() as f64 / span.as_secs_f64(),
        "p50_ms": crowd.times.percentile(0.5) / 1e3,
        "p99_ms": crowd.times.percentile(0.99) / 1e3,
        "p999_ms": crowd.times.percentile(0.999) / 1e3,
        "refused": crowd.refused,
        "moves_per_s": crowd.moved,
    })
}

#[derive(Default)]
struct Crowd {
    times: Times,
    refused: u64,
    moved: f64,
}

async fn clients(
    stage: &Arc<Stage>,
    ask: Ask,
    number: usize,
    span: Duration,
    desk: &Desk,
    moving: &[UnitId],
) -> anyhow::Result<Crowd> {
    let mut tasks = JoinSet::new();
    for seed in 0..number {
        let stage = stage.clone();
        tasks.spawn(async move { client(&stage, ask, span, seed as u64).await });
    }
    let moved = traffic::carry(desk, moving, None, span).await?.rate();
    let mut crowd = Crowd {
        moved,
        ..Crowd::default()
    };
    while let Some(done) = tasks.join_next().await {
        let one = done??;
        crowd.times.add(one.times);
        crowd.refused += one.refused;
    }
    Ok(crowd)
}

async fn client(stage: &Stage, ask: Ask, span: Duration, seed: u64) -> anyhow::Result<Crowd> {
    let mut random = SmallRng::seed_from_u64(seed);
    let mut line = connect(stage.address).await?;
    let mut crowd = Crowd::default();
    let start = Instant::now();
    while start.elapsed() < span {
        let bag = stage.bags.get(random.random_range(0..stage.bags.len()));
        let request = random.random_range(0..stage.requests.len());
        let request = stage.requests.get(request).context("a request")?;
        let (path, body) = asked(stage, ask, bag.context("a bag")?, *request);
        let call = Request::builder()
            .method(if body.is_some() { "POST" } else { "GET" })
            .uri(path)
            .header(HOST, stage.address.to_string())
            .header(COOKIE, &stage.cookie)
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(Full::from(body.unwrap_or_default()))?;
        let asked = Instant::now();
        line.ready().await?;
        let answer = line.send_request(call).await?;
        let status = answer.status();
        answer.into_body().collect().await?;
        crowd.times.note(asked.elapsed());
        match status {
            StatusCode::OK | StatusCode::SEE_OTHER => {}
            StatusCode::UNPROCESSABLE_ENTITY | StatusCode::CONFLICT => crowd.refused += 1,
            other => anyhow::bail!("{ask:?} answered {other}"),
        }
    }
    Ok(crowd)
}

fn asked(stage: &Stage, ask: Ask, bag: &UnitId, request: RequestId) -> (String, Option<String>) {
    match ask {
        Ask::Board => ("/board".into(), None),
        Ask::Bag => (format!("/units/{bag}"), None),
        Ask::IssueUnsigned | Ask::IssueSigned => {
            let mut form = form_urlencoded::Serializer::new(String::new());
            form.append_pair("_csrf", &stage.csrf)
                .append_pair("_command", &uuid::Uuid::now_v7().to_string())
                .append_pair("unit", &bag.to_string())
                .append_pair("label_unit", &bag.to_string())
                .append_pair("request", &request.to_string())
                .append_pair("label_patient", "20260001")
                .append_pair("appearance", "normal")
                .append_pair("collector", "he")
                .append_pair("destination", "ward-surgery");
            if ask == Ask::IssueSigned {
                form.append_pair("second_name", "wang")
                    .append_pair("second_password", lifeline_demo::PASSWORD);
            }
            ("/issue/new".into(), Some(form.finish()))
        }
    }
}

async fn connect(address: SocketAddr) -> anyhow::Result<SendRequest<Full<Bytes>>> {
    let socket = TcpStream::connect(address).await?;
    socket.set_nodelay(true)?;
    let (line, connection) = handshake(TokioIo::new(socket)).await?;
    tokio::spawn(connection);
    Ok(line)
}

/// Signs a technologist in; the session's cookies and the secret of its forms.
async fn sign_in(address: SocketAddr) -> anyhow::Result<(String, String)> {
    let mut line = connect(address).await?;
    let mut cookies = Vec::new();
    let mut read = async |path: &str, body: Option<String>, cookies: &mut Vec<String>| {
        let call = Request::builder()
            .method(if body.is_some() { "POST" } else { "GET" })
            .uri(path)
            .header(HOST, address.to_string())
            .header(COOKIE, cookies.join("; "))
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(Full::from(body.unwrap_or_default()))?;
        line.ready().await?;
        let answer = line.send_request(call).await?;
        for cookie in answer.headers().get_all(SET_COOKIE) {
            let pair = cookie.to_str()?.split(';').next().unwrap_or_default();
            let name = pair.split('=').next().unwrap_or_default();
            cookies.retain(|known: &String| known.split('=').next() != Some(name));
            cookies.push(pair.to_owned());
        }
        let page = answer.into_body().collect().await?.to_bytes();
        anyhow::Ok(String::from_utf8_lossy(&page).into_owned())
    };
    let page = read("/sign-in", None, &mut cookies).await?;
    let form = form_urlencoded::Serializer::new(String::new())
        .append_pair("_csrf", secret(&page)?)
        .append_pair("_command", &uuid::Uuid::now_v7().to_string())
        .append_pair("login", "chen")
        .append_pair("password", lifeline_demo::PASSWORD)
        .finish();
    read("/sign-in", Some(form), &mut cookies).await?;
    let page = read("/issue/new", None, &mut cookies).await?;
    let csrf = secret(&page)
        .context("the issue page shows no form: signing in failed")?
        .to_owned();
    Ok((cookies.join("; "), csrf))
}

/// What stands in the hidden field of a page's forms.
fn secret(page: &str) -> anyhow::Result<&str> {
    let after = page
        .split_once("name=\"_csrf\" value=\"")
        .context("a form on the page")?
        .1;
    Ok(after.split('"').next().unwrap_or_default())
}
