//! Every word a person reads comes from `web/messages/<language>/<subject>.ftl`; pages name it by key.

use std::sync::LazyLock;

use axum::http::HeaderMap;
use axum::http::header::ACCEPT_LANGUAGE;
use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::{FluentArgs, FluentResource, FluentValue};
use rust_embed::RustEmbed;
use unic_langid::LanguageIdentifier;

use super::frame::cookie;

#[derive(RustEmbed)]
#[folder = "../../web/messages"]
#[include = "*.ftl"]
struct Messages;

/// A language of the pages.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub enum Lang {
    /// Simplified Chinese, the first language of the house.
    #[default]
    ZhCn,
    /// English, its equal.
    En,
}

impl Lang {
    /// Both languages, in the order of the switch.
    pub const ALL: [Lang; 2] = [Lang::ZhCn, Lang::En];

    /// The language tag: folder of the messages, `lang` attribute and value of the `lang` cookie.
    pub fn code(self) -> &'static str {
        match self {
            Lang::ZhCn => "zh-CN",
            Lang::En => "en",
        }
    }

    /// The language's own name, the same in every language.
    pub fn own_name(self) -> &'static str {
        match self {
            Lang::ZhCn => "中文",
            Lang::En => "English",
        }
    }

    /// The other language, which the switch in the top bar leads to.
    pub fn other(self) -> Lang {
        match self {
            Lang::ZhCn => Lang::En,
            Lang::En => Lang::ZhCn,
        }
    }

    /// The language of a tag such as `en-GB` or `zh-Hans-CN`; none when it is neither Chinese nor English.
    pub fn from_tag(tag: &str) -> Option<Lang> {
        let primary = tag.trim().split(['-', '_']).next().unwrap_or_default();
        if primary.eq_ignore_ascii_case("zh") {
            Some(Lang::ZhCn)
        } else if primary.eq_ignore_ascii_case("en") {
            Some(Lang::En)
        } else {
            None
        }
    }

    /// The language of a request: the `lang` cookie, then `Accept-Language`, then Chinese.
    pub fn of_request(headers: &HeaderMap) -> Lang {
        cookie(headers, "lang")
            .and_then(Lang::from_tag)
            .or_else(|| accepted(headers))
            .unwrap_or_default()
    }
}

/// The best known language of `Accept-Language`; the first wins among equal weights.
fn accepted(headers: &HeaderMap) -> Option<Lang> {
    let wanted = headers.get(ACCEPT_LANGUAGE)?.to_str().ok()?;
    let mut best: Option<(Lang, f32)> = None;
    for part in wanted.split(',') {
        let mut pieces = part.split(';');
        let Some(lang) = pieces.next().and_then(Lang::from_tag) else {
            continue;
        };
        let weight = pieces
            .find_map(|piece| piece.trim().strip_prefix("q="))
            .map_or(1.0, |q| q.parse().unwrap_or(0.0));
        if weight > 0.0 && best.is_none_or(|(_, so_far)| weight > so_far) {
            best = Some((lang, weight));
        }
    }
    best.map(|(lang, _)| lang)
}

static CHINESE: LazyLock<FluentBundle<FluentResource>> = LazyLock::new(|| bundle(Lang::ZhCn));
static ENGLISH: LazyLock<FluentBundle<FluentResource>> = LazyLock::new(|| bundle(Lang::En));

/// Reads all messages of one language. What cannot be parsed is reported and left out; the tidy check refuses such a file.
fn bundle(lang: Lang) -> FluentBundle<FluentResource> {
    let mut bundle = FluentBundle::new_concurrent(vec![
        lang.code()
            .parse::<LanguageIdentifier>()
            .unwrap_or_default(),
    ]);
    // Isolation marks would travel with a copied donation number.
    bundle.set_use_isolating(false);
    let folder = format!("{}/", lang.code());
    for path in Messages::iter().filter(|path| path.starts_with(&folder)) {
        let Some(file) = Messages::get(&path) else {
            continue;
        };
        let text = String::from_utf8_lossy(&file.data).into_owned();
        let resource = FluentResource::try_new(text).unwrap_or_else(|(resource, errors)| {
            tracing::error!(%path, ?errors, "message file is not valid Fluent");
            resource
        });
        if let Err(errors) = bundle.add_resource(resource) {
            tracing::error!(%path, ?errors, "message defined twice");
        }
    }
    bundle
}

/// A value that a message can speak of.
pub trait Argument {
    /// The value as Fluent takes it; numbers stay numbers so that plural forms work.
    fn value(&self) -> FluentValue<'_>;
}

impl Argument for str {
    fn value(&self) -> FluentValue<'_> {
        FluentValue::from(self)
    }
}

impl Argument for String {
    fn value(&self) -> FluentValue<'_> {
        FluentValue::from(self.as_str())
    }
}

macro_rules! number_argument {
    ($($number:ty),*) => {$(
        impl Argument for $number {
            fn value(&self) -> FluentValue<'_> {
                FluentValue::from(*self)
            }
        }
    )*};
}
number_argument!(u8, u16, u32, u64, usize, i32, i64, f64);

impl<T: Argument + ?Sized> Argument for &T {
    fn value(&self) -> FluentValue<'_> {
        T::value(self)
    }
}

/// The words of one language; the `t` of every template.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Text {
    /// The language spoken.
    pub lang: Lang,
}

impl Text {
    /// The words of this language.
    pub fn new(lang: Lang) -> Self {
        Self { lang }
    }

    /// The message of this key. A key that does not exist is shown as `⟦key⟧`, so that it is seen and the tests fail.
    pub fn m(&self, key: &str) -> String {
        self.format(key, None)
    }

    /// The message of this key with its variables filled in, for example `t.a("stock-count", &[("count", &12)])`.
    pub fn a(&self, key: &str, arguments: &[(&str, &dyn Argument)]) -> String {
        let mut args = FluentArgs::with_capacity(arguments.len());
        for (name, argument) in arguments {
            args.set(*name, argument.value());
        }
        self.format(key, Some(&args))
    }

    /// Whether the message exists in this language.
    pub fn has(&self, key: &str) -> bool {
        self.bundle().has_message(key)
    }

    fn bundle(&self) -> &'static FluentBundle<FluentResource> {
        match self.lang {
            Lang::ZhCn => &CHINESE,
            Lang::En => &ENGLISH,
        }
    }

    fn format(&self, key: &str, args: Option<&FluentArgs<'_>>) -> String {
        let bundle = self.bundle();
        let Some(pattern) = bundle.get_message(key).and_then(|message| message.value()) else {
            tracing::warn!(key, lang = self.lang.code(), "message missing");
            return format!("⟦{key}⟧");
        };
        let mut errors = Vec::new();
        let text = bundle
            .format_pattern(pattern, args, &mut errors)
            .into_owned();
        if !errors.is_empty() {
            tracing::warn!(key, lang = self.lang.code(), ?errors, "message has a hole");
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use axum::http::{HeaderMap, HeaderValue, header};

    use super::{Lang, Text};

    fn headers(cookie: &str, accept: &str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        if !cookie.is_empty() {
            headers.insert(header::COOKIE, HeaderValue::from_str(cookie).unwrap());
        }
        if !accept.is_empty() {
            headers.insert(
                header::ACCEPT_LANGUAGE,
                HeaderValue::from_str(accept).unwrap(),
            );
        }
        headers
    }

    #[test]
    fn the_cookie_wins_then_the_browser_then_chinese() {
        assert_eq!(
            Lang::of_request(&headers("theme=dark; lang=en", "zh-CN")),
            Lang::En
        );
        assert_eq!(
            Lang::of_request(&headers("", "en-GB,en;q=0.9,zh;q=0.8")),
            Lang::En
        );
        assert_eq!(
            Lang::of_request(&headers("", "en;q=0.3, zh-Hans;q=0.9")),
            Lang::ZhCn
        );
        assert_eq!(
            Lang::of_request(&headers("lang=xx", "fr,en;q=0.2")),
            Lang::En
        );
        assert_eq!(Lang::of_request(&headers("", "en;q=0")), Lang::ZhCn);
        assert_eq!(Lang::of_request(&headers("", "")), Lang::ZhCn);
    }

    #[test]
    fn a_missing_key_is_loud_and_a_variable_is_not_wrapped_in_invisible_marks() {
        for lang in Lang::ALL {
            let t = Text::new(lang);
            let absent = "no-such-key";
            assert_eq!(t.m(absent), "⟦no-such-key⟧");
            let text = t.a("pager-page", &[("page", &2), ("pages", &"W1234 26 000001")]);
            assert!(
                text.contains("W1234 26 000001") && !text.contains('\u{2068}'),
                "{text:?}"
            );
        }
    }

    #[test]
    fn english_counts() {
        let t = Text::new(Lang::En);
        assert_eq!(t.a("top-alarms", &[("count", &1)]), "1 alarm");
        assert_eq!(t.a("top-alarms", &[("count", &3)]), "3 alarms");
    }
}
