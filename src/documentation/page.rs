//! `/docs`: the document as a page, with what a sender must know beside it.

use actix_web::web;
use askama::Template;
use askama_web::WebTemplate;

use super::guide::{ADVICE, Advice};
use super::limits;
use super::outline::{self, Example, Field, Operation};
use crate::config::PublicUrl;
use crate::domain::dictionary::{ErrorCode, Reason};
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
    fields: Vec<Field>,
    examples: Vec<ProblemExample>,
}

/// What such a body looks like.
struct ProblemExample {
    status: String,
    summary: String,
    body: String,
}

/// `GET /docs`
pub async fn show(shell: Option<Shell>, public_url: web::Data<PublicUrl>) -> DocsPage {
    let operations = outline::operations(&super::document(&public_url));
    DocsPage {
        shell,
        problems: problems(&operations),
        operations,
        public_url: public_url.get_ref().clone(),
    }
}

/// The two bodies of refusals, each with what is not shown beside the call that it answers.
fn problems(operations: &[Operation]) -> Vec<Problem> {
    let named = |title, schema: &str| {
        let mut problem = Problem {
            title,
            fields: Vec::new(),
            examples: Vec::new(),
        };
        for operation in operations {
            let is_shown = |body: &str| operation.calls.iter().any(|call| call.answer == body);
            for answer in operation.answers.iter().filter(|a| a.schema == schema) {
                problem.fields.clone_from(&answer.fields);
                let examples = answer.examples.iter();
                for example in examples.filter(|example| !is_shown(&example.body)) {
                    problem.add(&answer.status, example);
                }
            }
        }
        problem
            .examples
            .sort_by(|one, other| one.status.cmp(&other.status));
        problem
    };
    vec![
        named("A request with errors: 400, 413, 415", "RequestProblem"),
        named(
            "Everything else: 401, 403, 404, 405, 500, 503",
            "PlainProblem",
        ),
    ]
}

impl Problem {
    /// Adds an example, unless another endpoint has it too.
    fn add(&mut self, status: &str, example: &Example) {
        if self.examples.iter().all(|known| known.body != example.body) {
            self.examples.push(ProblemExample {
                status: status.to_owned(),
                summary: example.summary.clone(),
                body: example.body.clone(),
            });
        }
    }
}

impl DocsPage {
    fn url(&self, path: &str) -> String {
        self.public_url.join(path)
    }

    fn codes(&self) -> [ErrorCode; 11] {
        ErrorCode::ALL
    }

    fn variants(&self, code: ErrorCode) -> Vec<&'static str> {
        code.reasons().filter_map(Reason::variant).collect()
    }

    fn advice(&self) -> &'static [Advice] {
        &ADVICE
    }

    fn limits(&self) -> Vec<(&'static str, String)> {
        limits::in_words()
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
