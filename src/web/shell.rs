//! The frame around every signed-in page: who looks, at which company, what they were just told.

use std::future::{Ready, ready};
use std::time::Duration;

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpMessage, HttpRequest};
use chrono_tz::Tz;

use crate::domain::company::CompanyId;
pub use crate::domain::user::Role;
use crate::error::PageError;
use crate::web::flash::Flash;
use crate::web::format;

/// Who is signed in.
#[derive(Debug, Clone)]
pub struct Operator {
    /// The user.
    pub user_id: i64,
    /// As shown in the top bar.
    pub name: String,
    /// What they signed in with.
    pub email: String,
    /// What they may do.
    pub role: Role,
}

/// Whose pages these are.
#[derive(Debug, Clone)]
pub struct Company {
    /// The company.
    pub id: CompanyId,
    /// As shown in the top bar.
    pub name: String,
    /// The zone in which its pages show times.
    pub zone: Tz,
}

/// The frame of a page; put there by the guard, so a page that takes one is never shown to a
/// stranger.
#[derive(Debug, Clone)]
pub struct Shell {
    /// Who is signed in.
    pub operator: Operator,
    /// Whose pages these are.
    pub company: Company,
    /// What the last form wants to say, once.
    pub flash: Option<Flash>,
    /// How old what the page shows may be, where that is to be said.
    pub as_of: Option<String>,
}

impl Shell {
    /// The frame of a page that was read so far behind.
    pub fn as_of(self, behind: Duration) -> Self {
        let as_of = format::as_of(behind);
        Self { as_of, ..self }
    }
}

impl FromRequest for Shell {
    type Error = PageError;
    type Future = Ready<Result<Self, PageError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        // Without a guard before it a page is a mistake of the route table, not of the visitor.
        let unguarded = || PageError::Internal(anyhow::anyhow!("a page without a guard"));
        ready(
            request
                .extensions()
                .get::<Self>()
                .cloned()
                .ok_or_else(unguarded),
        )
    }
}

/// The frame of a page that only an admin may see; for support it is 403.
#[derive(Debug, Clone)]
pub struct Admin(pub Shell);

impl FromRequest for Admin {
    type Error = PageError;
    type Future = Ready<Result<Self, PageError>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let shell = Shell::from_request(request, payload).into_inner();
        ready(shell.and_then(|shell| match shell.operator.role {
            Role::Admin => Ok(Self(shell)),
            Role::Support => Err(PageError::Forbidden),
        }))
    }
}

impl Operator {
    /// Whether they may change settings.
    pub fn is_admin(&self) -> bool {
        self.role == Role::Admin
    }

    /// Two letters for the round badge.
    pub fn initials(&self) -> String {
        let mut words = self
            .name
            .split_whitespace()
            .filter_map(|w| w.chars().next());
        let letters = words.next().into_iter().chain(words.next_back());
        letters.flat_map(char::to_uppercase).collect()
    }
}
