//! Templates hold no text: what a person reads comes from the message files.

use crate::Findings;
use crate::sources::File;

/// Attributes that are read out or shown.
const SPOKEN: &[&str] = &[
    "alt",
    "aria-label",
    "aria-description",
    "aria-roledescription",
    "label",
    "placeholder",
    "title",
];
/// The only words that literals in template expressions may combine: HTML's own.
const HTML_WORDS: &[&str] = &["autofocus", "disabled", "readonly", "required"];

pub fn check(files: &[File], findings: &mut Findings) {
    for file in files
        .iter()
        .filter(|file| file.path.starts_with("web/templates/"))
    {
        for (line, text) in visible_text(&file.text) {
            findings.problem(format!(
                "{}:{line}: text in a template: `{}`; put it into the message files",
                file.path,
                text.trim()
            ));
        }
    }
}

/// The pieces of text that a person would see or hear, with their lines.
fn visible_text(template: &str) -> Vec<(usize, String)> {
    let (html, mut found) = without_expressions(template);
    let mut line = 1;
    let mut rest = html.as_str();
    let mut in_keys = false;
    while !rest.is_empty() {
        let (text, after) = rest.split_at(rest.find('<').unwrap_or(rest.len()));
        // The caption of a key on the keyboard is the same in every language.
        if !in_keys && has_letters(text) && !is_attributes(text) {
            found.push((
                line + text
                    .find(char::is_alphabetic)
                    .map_or(0, |at| text[..at].matches('\n').count()),
                text.to_owned(),
            ));
        }
        line += text.matches('\n').count();
        let (tag, after) = after.split_at(tag_end(after));
        in_keys = tag.starts_with("<kbd");
        for (name, value) in attributes(tag) {
            if SPOKEN.contains(&name) && has_letters(value) {
                found.push((line, format!("{name}=\"{value}\"")));
            }
        }
        line += tag.matches('\n').count();
        rest = after;
    }
    found.sort();
    found
}

/// Whether the text is a macro's list of attributes and stands inside a tag when it is called.
fn is_attributes(text: &str) -> bool {
    let outside: String = text.split('"').step_by(2).collect();
    outside.split_whitespace().all(|word| {
        word.strip_suffix('=').is_some_and(|name| {
            !name.is_empty() && name.chars().all(|c| c.is_ascii_lowercase() || c == '-')
        })
    })
}

/// A character reference such as `&nbsp;` is a symbol.
fn has_letters(text: &str) -> bool {
    let mut rest = text;
    while let Some(at) = rest.find(|c: char| c.is_alphabetic() || c == '&') {
        if !rest[at..].starts_with('&') {
            return true;
        }
        match rest[at..].find(';').filter(|end| {
            rest[at + 1..at + end]
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || c == '#')
        }) {
            Some(end) => rest = &rest[at + end + 1..],
            None => rest = &rest[at + 1..],
        }
    }
    false
}

/// Removes comments, expressions and blocks, keeping the lines; literals in them that look like text are found here.
fn without_expressions(template: &str) -> (String, Vec<(usize, String)>) {
    let mut html = String::new();
    let mut found = Vec::new();
    let mut rest = template;
    let mut line = 1;
    while let Some(at) = ["{#", "{{", "{%"]
        .iter()
        .filter_map(|open| rest.find(open))
        .min()
    {
        let (before, block) = rest.split_at(at);
        html.push_str(before);
        line += before.matches('\n').count();
        let close = match &block[..2] {
            "{#" => "#}",
            "{{" => "}}",
            _ => "%}",
        };
        let end = block.find(close).map_or(block.len(), |end| end + 2);
        let (block, after) = block.split_at(end);
        if close != "#}" {
            found.extend(
                block
                    .split('"')
                    .skip(1)
                    .step_by(2)
                    .filter(|literal| is_text(literal))
                    .map(|literal| (line, format!("\"{literal}\""))),
            );
        }
        line += block.matches('\n').count();
        html.extend(block.chars().filter(|c| *c == '\n'));
        rest = after;
    }
    html.push_str(rest);
    (html, found)
}

/// Whether a literal in an expression is a sentence and not a key, a name or a class.
fn is_text(literal: &str) -> bool {
    let several = literal.split_whitespace().count() > 1
        && !literal
            .split_whitespace()
            .all(|word| HTML_WORDS.contains(&word));
    literal.chars().any(|c| c.is_alphabetic() && !c.is_ascii())
        || (several && literal.contains(char::is_alphabetic))
}

/// The length of the tag at the start, quoted `>` passed over.
fn tag_end(text: &str) -> usize {
    let mut quote = None;
    for (at, c) in text.char_indices() {
        match (quote, c) {
            (None, '>') => return at + 1,
            (None, '"' | '\'') => quote = Some(c),
            (Some(open), c) if c == open => quote = None,
            _ => {}
        }
    }
    text.len()
}

/// The quoted attributes of a tag.
fn attributes(tag: &str) -> Vec<(&str, &str)> {
    let mut found = Vec::new();
    let mut rest = tag;
    while let Some((before, after)) = rest.split_once("=\"") {
        let name = before
            .rsplit(|c: char| c.is_whitespace() || c == '"')
            .next()
            .unwrap_or_default();
        let Some((value, after)) = after.split_once('"') else {
            break;
        };
        found.push((name, value));
        rest = after;
    }
    found
}

#[cfg(test)]
mod tests {
    use super::visible_text;

    #[test]
    fn text_is_found_wherever_a_person_would_meet_it() {
        for (template, what) in [
            ("<p>Issue</p>", "Issue"),
            ("<p>{{ a }}\n发血</p>", "发血"),
            ("<p>a = b</p>", "a = b"),
            ("<img alt=\"A drop\">", "alt"),
            ("<input placeholder=\"{{ x }} scan\">", "placeholder"),
            ("{{ ui::chip(tone, \"On hold\") }}", "On hold"),
            ("{% call ui::head(\"库存\") %}{% endcall %}", "库存"),
        ] {
            let found = visible_text(template);
            assert!(
                found.len() == 1 && found[0].1.contains(what),
                "{template}: {found:?}"
            );
        }
    }

    #[test]
    fn what_is_no_text_passes() {
        let template = "<!doctype html>{# a comment in words #}<p class=\"big a\" title=\"{{ t.m(\"k-l\") }}\">12 · {{ t.m(\"some-key\") }} &nbsp;(3 / 4)</p><kbd>F2</kbd>\
                        {% macro m(f) %} aria-invalid=\"true\"{% endmacro %}\
                        {{ field::scan(form, \"din\", t.m(\"a-b\"), \"\", \"din\", \"required autofocus\") }}";
        assert_eq!(visible_text(template), []);
    }
}
