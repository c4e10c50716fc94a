//! The page before something that people should think about: what it will do, and one button.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use askama::Template;

use crate::error::PageError;
use crate::web::page;
use crate::web::shell::Shell;

/// The page.
#[derive(Template)]
#[template(path = "confirm.html")]
pub struct ConfirmPage {
    /// The frame.
    pub shell: Shell,
    /// The pages above, as name and address.
    pub above: Vec<(&'static str, String)>,
    /// The question.
    pub heading: String,
    /// What it means.
    pub sentence: String,
    /// What it will do, and what is in the way.
    pub notices: Vec<Notice>,
    /// The words on the button.
    pub button: String,
    /// Whether it takes something away.
    pub is_danger: bool,
    /// The way out, as words and address.
    pub leave: (String, String),
    /// What the form sends along.
    pub hidden: Vec<(&'static str, String)>,
}

/// Something to know before.
#[derive(Debug, Clone)]
pub struct Notice {
    /// The class of its colour.
    pub tone: &'static str,
    /// Its icon in the sprite.
    pub icon: &'static str,
    /// What it is.
    pub strong: String,
    /// The rest of the sentence.
    pub words: String,
    /// Where that is from.
    pub source: Option<&'static str>,
}

impl Notice {
    /// Something went wrong the first time.
    pub fn problem(words: String) -> Self {
        Self {
            tone: "sender",
            icon: "warning",
            strong: words,
            words: String::new(),
            source: None,
        }
    }

    /// Something good to know.
    pub fn info(words: &str) -> Self {
        Self {
            tone: "either",
            icon: "info",
            strong: String::new(),
            words: words.to_owned(),
            source: None,
        }
    }
}

impl ConfirmPage {
    /// The answer: 409 when somebody else was faster.
    pub fn answer(&self, is_overtaken: bool) -> Result<HttpResponse, PageError> {
        let status = match is_overtaken {
            true => StatusCode::CONFLICT,
            false => StatusCode::OK,
        };
        page::show_with(status, self)
    }
}
