//! `/docs`: the document as a page, with what a sender must know beside it.

use actix_web::web;
use askama::Template;
use askama_web::WebTemplate;
use serde_json::Value;

use super::guide::{ADVICE, Advice, LIMITS};
use super::outline::{self, Answer, Operation};
use crate::config::PublicUrl;
use crate::domain::dictionary::ErrorCode;
use crate::domain::warning;
use crate::web::shell::Shell;

/// The documentation.
#[derive(Template, WebTemplate)]
#[template(path = "documentation/docs.html")]
pub struct DocsPage {
    shell: Option<Shell>,
    public_url: PublicUrl,
    operations: Vec<Operation>,
    /// The bodies of refusals, each once: name, when it comes, what it looks like.
    problems: Vec<Problem>,
}

/// A body that several answers share.
struct Problem {
    title: &'static str,
    answer: Answer,
}

/// `GET /docs`
pub async fn show(shell: Option<Shell>, public_url: web::Data<PublicUrl>) -> DocsPage {
    let document = super::document(&public_url);
    DocsPage {
        shell,
        problems: problems(&document),
        operations: outline::operations(&document),
        public_url: public_url.get_ref().clone(),
    }
}

/// The two bodies of refusals, as the first endpoint that has them says.
fn problems(document: &Value) -> Vec<Problem> {
    let named = |title, schema: &str| {
        let operations = outline::operations(document).into_iter();
        let mut answers = operations.flat_map(|operation| operation.answers);
        let answer = answers.find(|answer| answer.schema == schema)?;
        Some(Problem { title, answer })
    };
    let request = named("A request with errors: 400, 413, 415", "RequestProblem");
    let plain = named("Everything else: 401, 403, 405, 500, 503", "PlainProblem");
    request.into_iter().chain(plain).collect()
}

impl DocsPage {
    fn url(&self, path: &str) -> String {
        self.public_url.join(path)
    }

    fn codes(&self) -> [ErrorCode; 11] {
        ErrorCode::ALL
    }

    fn advice(&self) -> &'static [Advice] {
        &ADVICE
    }

    fn limits(&self) -> &'static [(&'static str, &'static str)] {
        &LIMITS
    }

    fn warnings(&self) -> &'static [(&'static str, &'static str)] {
        &warning::KINDS
    }

    fn with_header(&self) -> String {
        self.curl("/v1/requests", "  -H 'x-api-key: YOUR KEY' \\\n")
    }

    fn with_basic(&self) -> String {
        self.curl("/v1/auth", "  -u 'any:YOUR KEY' \\\n")
    }

    fn curl(&self, path: &str, key: &str) -> String {
        format!(
            "curl -i {} \\\n{key}  -H 'content-type: application/json' \\\n  -d '{{\n    \
             \"channel\": \"email\",\n    \
             \"employee\": {{\"email\": \"agent@example.com\"}},\n    \
             \"customer\": {{\"name\": \"Jane Doe\", \"email\": \"jane@example.com\"}},\n    \
             \"ext_interaction_id\": \"T-48211\"\n  }}'",
            self.url(path)
        )
    }
}
