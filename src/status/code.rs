//! JSON as a page shows it: in colours, and folded where it is long. What is no JSON comes through
//! as it is.

use crate::web::format::counted;

/// Longer texts are folded, in lines …
const LONG_LINES: usize = 40;

/// … and in bytes.
const LONG_BYTES: usize = 3_000;

/// A text in pieces.
pub struct Code {
    /// The pieces, which make up the whole text.
    pub pieces: Vec<Piece>,
    /// How long it is, where it is folded.
    pub folded: Option<String>,
}

/// A piece of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Piece {
    /// The class of its colour; empty for none.
    pub class: &'static str,
    /// The text.
    pub text: String,
}

impl Code {
    /// Cuts a text into pieces.
    pub fn new(text: &str) -> Self {
        let lines = text.lines().count();
        let is_long = lines > LONG_LINES || text.len() > LONG_BYTES;
        let length = || {
            let lines = counted(lines as i64, "line");
            format!("{lines}, {}", counted(text.len() as i64, "byte"))
        };
        Self {
            pieces: pieces(text),
            folded: is_long.then(length),
        }
    }
}

fn pieces(text: &str) -> Vec<Piece> {
    let mut pieces: Vec<Piece> = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let (class, length) = match first {
            '"' => {
                let length = string(rest);
                let is_key = rest[length..].trim_start().starts_with(':');
                (if is_key { "key" } else { "string" }, length)
            }
            '-' | '0'..='9' => (
                "number",
                run(rest, |c| "+-.eE".contains(c) || c.is_ascii_digit()),
            ),
            'a'..='z' => match run(rest, |c| c.is_ascii_alphanumeric()) {
                length if ["true", "false", "null"].contains(&&rest[..length]) => ("word", length),
                length => ("", length),
            },
            other => ("", other.len_utf8()),
        };
        let (piece, after) = rest.split_at(length);
        match pieces.last_mut() {
            Some(last) if last.class == class && class.is_empty() => last.text.push_str(piece),
            _ => pieces.push(Piece {
                class,
                text: piece.to_owned(),
            }),
        }
        rest = after;
    }
    pieces
}

/// How long the string is that begins here; one without an end goes to the end.
fn string(text: &str) -> usize {
    let mut is_escaped = false;
    for (at, byte) in text.bytes().enumerate().skip(1) {
        match byte {
            b'"' if !is_escaped => return at + 1,
            b'\\' => is_escaped = !is_escaped,
            _ => is_escaped = false,
        }
    }
    text.len()
}

fn run(text: &str, belongs: impl Fn(char) -> bool) -> usize {
    text.find(|c| !belongs(c)).unwrap_or(text.len())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn classes(text: &str) -> Vec<(&'static str, String)> {
        let coloured = pieces(text).into_iter().filter(|p| !p.class.is_empty());
        coloured.map(|piece| (piece.class, piece.text)).collect()
    }

    #[test]
    fn keys_strings_numbers_and_words_have_their_colours() {
        let found = classes(r#"{"a\"b" : "c", "n": [-1.5e3, true, null, maybe]}"#);
        let expected = [
            ("key", r#""a\"b""#),
            ("string", r#""c""#),
            ("key", r#""n""#),
            ("number", "-1.5e3"),
            ("word", "true"),
            ("word", "null"),
        ];
        let expected = expected.map(|(class, text)| (class, text.to_owned()));
        assert_eq!(found, expected);
    }

    #[test]
    fn long_texts_are_folded() {
        assert_eq!(Code::new("{}").folded, None);
        let long = "1\n".repeat(41);
        assert_eq!(
            Code::new(&long).folded.as_deref(),
            Some("41 lines, 82 bytes")
        );
    }

    proptest! {
        #[test]
        fn nothing_is_lost_whatever_the_text(text in ".{0,80}|[\\[{\"\\\\:a1, }\\]]{0,40}") {
            let together: String = pieces(&text).into_iter().map(|p| p.text).collect();
            prop_assert_eq!(together, text);
        }
    }
}
