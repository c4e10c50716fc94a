//! Answers for load balancers and supervisors: is the process alive, and may it get traffic?

use actix_web::{HttpResponse, web};
use serde_json::json;

use crate::clock::Clock;
use crate::store::settings::LiveSettings;
use crate::store::{Scope, Store, partitions};

/// `GET /healthz`: 200 as long as the process can answer.
pub async fn healthz() -> HttpResponse {
    HttpResponse::Ok().json(json!({"status": "ok"}))
}

/// `GET /readyz`: 200 when requests can be judged and recorded, else 503 and the reasons.
pub async fn readyz(
    store: web::Data<Store>,
    settings: web::Data<LiveSettings>,
    clock: web::Data<Clock>,
) -> HttpResponse {
    let now = clock.now();
    // As requests are: a node with slow pages takes them all the same.
    let facts = store
        .read_settings(Scope::Installation, move |connection| {
            Ok((
                partitions::are_ahead(connection, now)?,
                crate::store::clock(connection)?,
            ))
        })
        .await;
    let mut problems = Vec::new();
    match facts {
        Err(_) => problems.push("the store does not answer"),
        Ok((are_ahead, store_clock)) => {
            if !are_ahead {
                problems.push("less than a week of partitions is ahead");
            }
            if (store_clock - now).num_milliseconds().abs() > 1_000 {
                problems.push("this node's clock is more than a second off the store's");
            }
        }
    }
    if !settings.is_fresh() {
        problems.push("changes of settings were not heard of for five seconds");
    }
    match problems.is_empty() {
        true => HttpResponse::Ok().json(json!({"status": "ready"})),
        false => HttpResponse::ServiceUnavailable()
            .json(json!({"status": "not ready", "problems": problems})),
    }
}
