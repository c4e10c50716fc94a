//! The machine's way in. A request is received, its key looked up, its body judged, the whole of it
//! recorded, and only then answered: five calls, one file each (judging is a room of its own).

mod authenticate;
pub mod contract;
pub mod examples;
mod receive;
mod respond;
mod revoked;

use std::sync::Arc;
use std::time::Instant;

use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse, web};
use metrics::{counter, histogram};

use crate::clock::Clock;
use crate::config::PublicUrl;
use crate::context;
use crate::domain::company::CompanyId;
use crate::domain::request::{Kind, RequestId};
use crate::judge::{Arrival, Sender, judge};
use crate::store::Store;
use crate::store::recorder::Recorder;
use crate::store::settings::{LiveSettings, Snapshot};

use contract::{
    AskedForPassword, FeedbackAccepted, FeedbackRequest, RecoveryIsAccepted, RecoveryRequest,
    Refusals,
};
use receive::header_text;

pub use receive::{Arriving, KEPT_OF_TOO_LARGE, TIME_TO_ARRIVE};
pub use respond::RETRY_AFTER;
pub use revoked::RevokedKeyCalls;

/// What the way in needs.
#[derive(Clone)]
pub struct Ingest {
    /// Where settings are read from when they are not in memory.
    pub store: Store,
    /// Keys and settings in memory.
    pub settings: LiveSettings,
    /// The writer.
    pub recorder: Recorder,
    /// Room for bodies that are still arriving.
    pub arriving: Arriving,
    /// Calls with revoked keys, until they are written down.
    pub revoked: RevokedKeyCalls,
    /// The time.
    pub clock: Clock,
    /// What links in answers begin with.
    pub public_url: PublicUrl,
}

/// `POST /v1/requests`.
#[utoipa::path(
    post,
    path = "/v1/requests",
    tag = "Requests",
    operation_id = "create_request",
    summary = "Ask a customer for feedback",
    description = "Validates the request against the company's settings, stores it, and names every problem.",
    request_body = FeedbackRequest,
    responses(FeedbackAccepted, Refusals),
    security(("api_key" = []), ("basic" = [])),
)]
pub async fn requests(
    ingest: web::Data<Ingest>,
    http: HttpRequest,
    payload: web::Payload,
) -> HttpResponse {
    handle(Kind::Feedback, &ingest, &http, payload).await
}

/// `POST /v1/auth`: the same for helpdesks that cannot set headers, and are asked for a password.
#[utoipa::path(
    post,
    path = "/v1/auth",
    tag = "Requests",
    operation_id = "create_request_with_basic",
    summary = "Ask a customer for feedback, signed in with HTTP Basic",
    description = "The same as `/v1/requests`, for helpdesks that cannot set headers: any user name, the key as the password. Without credentials it asks for them.",
    request_body = FeedbackRequest,
    responses(FeedbackAccepted, AskedForPassword, Refusals),
    security(("basic" = []), ("api_key" = [])),
)]
pub async fn auth(
    ingest: web::Data<Ingest>,
    http: HttpRequest,
    payload: web::Payload,
) -> HttpResponse {
    handle(Kind::Feedback, &ingest, &http, payload).await
}

/// `POST /v1/recoveries`.
#[utoipa::path(
    post,
    path = "/v1/recoveries",
    tag = "Requests",
    operation_id = "create_recovery",
    summary = "Tell of a service recovery",
    description = "Only the employee is checked. One of `ext_interaction_id`, `external_url` and `initial_feedback_request_id` leads back to what was recovered; without any there is a warning.",
    request_body = RecoveryRequest,
    responses(RecoveryIsAccepted, Refusals),
    security(("api_key" = []), ("basic" = [])),
)]
pub async fn recoveries(
    ingest: web::Data<Ingest>,
    http: HttpRequest,
    payload: web::Payload,
) -> HttpResponse {
    handle(Kind::Recovery, &ingest, &http, payload).await
}

async fn handle(
    kind: Kind,
    ingest: &Ingest,
    http: &HttpRequest,
    payload: web::Payload,
) -> HttpResponse {
    let since = Instant::now();
    let response = answer(kind, ingest, http, payload).await;
    let status = response.status().as_u16().to_string();
    counter!("requests_answered_total", "status" => status).increment(1);
    histogram!("request_seconds").record(since.elapsed().as_secs_f64());
    response
}

async fn answer(
    kind: Kind,
    ingest: &Ingest,
    http: &HttpRequest,
    payload: web::Payload,
) -> HttpResponse {
    let id = context::request_id(http);
    let key = match authenticate::authenticate(ingest, http) {
        Ok(key) => key,
        Err(refusal) => return respond::refuse(refusal, id),
    };
    let Some(received) = ingest.arriving.receive(http, payload).await else {
        return respond::unavailable(id);
    };
    // A body may take half a minute. The request is received when it is there: what follows the
    // rows would otherwise look past one that comes so late.
    let id = context::id_on_arrival(http, ingest.clock.now());
    let arrival = Arrival {
        id,
        kind,
        key_id: key.id,
        environment: key.environment,
        received,
        sender: sender_of(http),
    };
    let Some(snapshot) = ingest.current_settings(key.company, id).await else {
        return respond::unavailable(id);
    };
    let (answer, record) = judge(arrival, &snapshot, &ingest.public_url);
    match ingest.recorder.record(record).await {
        Ok(()) => answer.into_response(),
        Err(error) => respond::not_recorded(&error, id),
    }
}

impl Ingest {
    /// The company's settings, unless this node may be judging by old ones.
    async fn current_settings(&self, company: CompanyId, id: RequestId) -> Option<Arc<Snapshot>> {
        match self.settings.snapshot(&self.store, company).await {
            Ok(snapshot) => self.settings.is_fresh().then_some(snapshot),
            Err(error) => {
                let error = anyhow::Error::from(error);
                tracing::error!(
                    request.id = %id,
                    company.id = company.0,
                    error = format!("{error:#}"),
                    "request {id}: no settings of company {company}"
                );
                None
            }
        }
    }
}

fn sender_of(http: &HttpRequest) -> Sender {
    Sender {
        address: context::client_address(http),
        user_agent: header_text(http, header::USER_AGENT),
        correlation_id: header_text(http, context::REQUEST_ID),
        since: Instant::now(),
    }
}
