//! The settings pages: what the gear leads to.

pub mod integrations;

use actix_web::HttpResponse;
use askama::Template;

use crate::error::PageError;
use crate::web::page;
use crate::web::shell::Shell;

/// What the gear leads to.
#[derive(Template)]
#[template(path = "settings/index.html")]
struct IndexPage {
    shell: Shell,
}

/// `GET /settings`.
pub async fn index(shell: Shell) -> Result<HttpResponse, PageError> {
    page::show(&IndexPage { shell })
}

impl IndexPage {
    fn about_integrations(&self) -> &'static str {
        match self.shell.operator.is_admin() {
            true => "API Status Page, and the keys by which senders are known.",
            false => "API Status Page.",
        }
    }
}
