//! Styles, scripts and third-party files: embedded in a release, read from the source folder in a debug build, and always served under an
//! address that carries the hash of the content, so that a browser may keep them for ever and never shows an old one.

use std::io::Write;
use std::sync::LazyLock;

use axum::extract::{Path, RawQuery};
use axum::http::header::{ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE, VARY};
use axum::http::{HeaderMap, HeaderValue};
use axum::response::{IntoResponse, Response};
use flate2::Compression;
use flate2::write::GzEncoder;
use rust_embed::{EmbeddedFile, RustEmbed};

use super::errors::PageError;

#[derive(RustEmbed)]
#[folder = "../../web/dist"]
#[exclude = ".gitkeep"]
struct ThirdParty;

#[derive(RustEmbed)]
#[folder = "../../web/styles"]
struct Styles;

#[derive(RustEmbed)]
#[folder = "../../web/scripts"]
struct Scripts;

/// How long a browser keeps a file whose address names its content.
const FOR_EVER: HeaderValue = HeaderValue::from_static("public, max-age=31536000, immutable");
/// A file asked for without (or with another) hash.
const ASK_AGAIN: HeaderValue = HeaderValue::from_static("no-cache");

struct Asset {
    name: String,
    hash: String,
    plain: Vec<u8>,
    gzip: Vec<u8>,
}

fn names() -> impl Iterator<Item = String> {
    ThirdParty::iter()
        .chain(Styles::iter())
        .chain(Scripts::iter())
        .map(|name| name.into_owned())
}

fn file(name: &str) -> Option<EmbeddedFile> {
    ThirdParty::get(name)
        .or_else(|| Styles::get(name))
        .or_else(|| Scripts::get(name))
}

fn hash(file: &EmbeddedFile) -> String {
    file.metadata
        .sha256_hash()
        .iter()
        .take(8)
        .fold(String::new(), |text, byte| text + &format!("{byte:02x}"))
}

fn load(name: &str) -> Option<Asset> {
    let file = file(name)?;
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    let gzip = encoder
        .write_all(&file.data)
        .and_then(|()| encoder.finish())
        .ok()?;
    Some(Asset {
        name: name.to_owned(),
        hash: hash(&file),
        plain: file.data.into_owned(),
        gzip,
    })
}

/// Loaded and compressed once; a debug build loads anew each time instead, so that an edit shows on reload.
static ASSETS: LazyLock<Vec<Asset>> =
    LazyLock::new(|| names().filter_map(|name| load(&name)).collect());

/// The address of an asset, for example `/assets/lifeline.css?v=0123456789abcdef`.
pub fn url(name: &str) -> String {
    let version = if cfg!(debug_assertions) {
        file(name).map(|file| hash(&file))
    } else {
        ASSETS
            .iter()
            .find(|asset| asset.name == name)
            .map(|asset| asset.hash.clone())
    };
    match version {
        Some(version) => format!("/assets/{name}?v={version}"),
        None => format!("/assets/{name}"),
    }
}

/// The address of an icon in the sprite.
pub fn icon(name: &str) -> String {
    format!("{}#{name}", url("icons.svg"))
}

fn media_type(name: &str) -> &'static str {
    match name.rsplit('.').next() {
        Some("css") => "text/css; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("svg") => "image/svg+xml",
        Some("json") => "application/json",
        _ => "application/octet-stream",
    }
}

/// `GET /assets/{name}`.
pub async fn serve(
    Path(name): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Response {
    if cfg!(debug_assertions) {
        return match load(&name) {
            Some(asset) => respond(&asset, query.as_deref(), &headers),
            None => PageError::NotFound.into_response(),
        };
    }
    match ASSETS.iter().find(|asset| asset.name == name) {
        Some(asset) => respond(asset, query.as_deref(), &headers),
        None => PageError::NotFound.into_response(),
    }
}

fn respond(asset: &Asset, query: Option<&str>, headers: &HeaderMap) -> Response {
    let gzip = headers
        .get(ACCEPT_ENCODING)
        .and_then(|value| value.to_str().ok())
        .is_some_and(|value| value.contains("gzip"));
    let mut response = if gzip {
        asset.gzip.clone()
    } else {
        asset.plain.clone()
    }
    .into_response();
    let out = response.headers_mut();
    out.insert(
        CONTENT_TYPE,
        HeaderValue::from_static(media_type(&asset.name)),
    );
    out.insert(VARY, HeaderValue::from_static("accept-encoding"));
    if gzip {
        out.insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    }
    let current = query.and_then(|query| query.strip_prefix("v=")) == Some(asset.hash.as_str());
    out.insert(CACHE_CONTROL, if current { FOR_EVER } else { ASK_AGAIN });
    response
}
