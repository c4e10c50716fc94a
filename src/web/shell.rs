//! The frame around every signed-in page: who looks, at which company, what they were just told.

use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpMessage, HttpRequest};
use chrono_tz::Tz;

use crate::domain::company::CompanyId;
use crate::error::PageError;

/// What a user may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Everything.
    Admin,
    /// Looks at everything but users and keys, and changes nothing.
    Support,
}

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
    pub flash: Option<String>,
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

impl Role {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Admin, Self::Support];

    /// The word on the page.
    pub fn title(self) -> &'static str {
        match self {
            Self::Admin => "Admin",
            Self::Support => "Support",
        }
    }

    /// The number in the store.
    pub fn number(self) -> i16 {
        match self {
            Self::Admin => 1,
            Self::Support => 2,
        }
    }

    /// Reads the number in the store back.
    pub fn from_number(number: i16) -> Option<Self> {
        Self::ALL.into_iter().find(|r| r.number() == number)
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
