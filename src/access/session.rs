//! Sessions: rows of the store, named by a signed cookie. The cookie holds a random id and the row
//! its hash, so whoever reads the table cannot take a session over. Visitors who have nothing to
//! be remembered get neither a row nor a cookie.

use std::collections::HashMap;

use actix_session::config::PersistentSession;
use actix_session::storage::{LoadError, SaveError, SessionKey, SessionStore, UpdateError};
use actix_session::{Session, SessionMiddleware};
use actix_web::body::MessageBody;
use actix_web::cookie::time::Duration;
use actix_web::cookie::{Key, SameSite};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::middleware::Next;
use anyhow::{Context, anyhow};
use rand::distr::{Alphanumeric, SampleString};
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::clock::Clock;
use crate::error::PageError;
use crate::store::{Scope, Store, StoreError, sessions, users};

/// Letters and digits in a session's id: 286 random bits.
const ID_CHARS: usize = 48;

/// The session's value that says who signed in.
const USER: &str = "user_id";

/// The value that says by which password, as its hash. It is looked at when the session begins, and
/// not kept.
const BY_PASSWORD: &str = "by_password";

/// The value that stands for a session that could not be loaded, with the reason. It is never kept:
/// who asks for the user hears of it, and signing in begins with an empty session.
const AWAY: &str = "away";

/// How sessions are kept; every worker makes its middleware from it.
#[derive(Clone)]
pub struct Sessions {
    /// Where their rows are.
    pub store: Store,
    /// The time.
    pub clock: Clock,
    /// Signs the cookie.
    pub key: Key,
    /// Whether browsers come over TLS: the cookie is then bound to it and to this host.
    pub is_https: bool,
}

impl Sessions {
    /// The middleware that loads a visitor's session and keeps it.
    pub fn middleware(&self) -> SessionMiddleware<SessionTable> {
        let table = SessionTable {
            store: self.store.clone(),
            clock: self.clock.clone(),
        };
        let name = match self.is_https {
            true => "__Host-session",
            false => "session",
        };
        // The row ends before the cookie does.
        let cookie = PersistentSession::default().session_ttl(Duration::days(sessions::MAX_DAYS));
        SessionMiddleware::builder(table, self.key.clone())
            .cookie_name(name.to_owned())
            .cookie_secure(self.is_https)
            .cookie_http_only(true)
            // Links from tickets must find people signed in.
            .cookie_same_site(SameSite::Lax)
            .session_lifecycle(cookie)
            .build()
    }
}

/// Signs this visitor in as a user, by the password of this hash: where another was chosen meanwhile,
/// no session begins. It gets a new id, so that one planted before is worth nothing.
pub fn begin(session: &Session, user_id: i64, password_hash: &str) -> anyhow::Result<()> {
    session.clear();
    session.renew();
    session.insert(BY_PASSWORD, password_hash)?;
    Ok(session.insert(USER, user_id)?)
}

/// Who signed in with this session; an error when it could not be loaded.
pub fn user_id(session: &Session) -> Result<Option<i64>, PageError> {
    match session.get::<String>(AWAY).ok().flatten() {
        Some(reason) => Err(PageError::Unavailable(anyhow!(
            "the session was not loaded: {reason}"
        ))),
        None => Ok(session.get(USER).ok().flatten()),
    }
}

/// The table of sessions as the middleware sees it.
pub struct SessionTable {
    store: Store,
    clock: Clock,
}

type State = HashMap<String, String>;

tokio::task_local! {
    /// Whether somebody makes the call that is being answered, see [`by_itself`].
    static IS_USED: bool;
}

/// Middleware before the sessions': an open page that asks by itself what came is not used, so that
/// a screen that somebody left signs them out.
pub async fn by_itself<B: MessageBody>(
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<B>, actix_web::Error> {
    let is_used = !request.path().ends_with("/newer");
    IS_USED.scope(is_used, next.call(request)).await
}

impl SessionTable {
    async fn run(
        &self,
        work: impl FnOnce(&mut diesel::PgConnection) -> diesel::QueryResult<()> + Send + 'static,
    ) -> anyhow::Result<()> {
        let written = self.store.write(Scope::Installation, |connection| {
            work(connection).map_err(StoreError::from)
        });
        Ok(written.await?)
    }

    /// Where the password was changed since it was checked, the id that is returned names nothing:
    /// the change ended all sessions, and this one must not outlive it.
    async fn begin(&self, mut state: State) -> anyhow::Result<SessionKey> {
        let id = Alphanumeric.sample_string(&mut rand::rng(), ID_CHARS);
        let (hash, user, now) = (hash(&id), user_of(&state), self.clock.now());
        let password_hash: String = match state.remove(BY_PASSWORD) {
            Some(json) => serde_json::from_str(&json)?,
            None => String::new(),
        };
        let state = serde_json::to_string(&state)?;
        self.run(move |connection| {
            if let Some(user) = user
                && !users::is_current(connection, user, &password_hash)?
            {
                return Ok(());
            }
            sessions::begin(connection, &hash, user, &state, now)
        })
        .await
        .context("a session was to begin")?;
        id.try_into().map_err(|error| anyhow!("{error}"))
    }

    async fn change(&self, key: &SessionKey, state: &State) -> anyhow::Result<()> {
        let (hash, user) = (hash(key.as_ref()), user_of(state));
        let state = serde_json::to_string(state)?;
        self.run(move |connection| sessions::change(connection, &hash, user, &state))
            .await
            .context("a session was to change")
    }
}

impl SessionStore for SessionTable {
    /// A store that is away is no error here: not every page needs to know who looks at it.
    async fn load(&self, key: &SessionKey) -> Result<Option<State>, LoadError> {
        let (hash, now) = (hash(key.as_ref()), self.clock.now());
        let is_used = IS_USED.try_get().unwrap_or(true);
        let state = self
            .store
            .read(Scope::Installation, move |connection| {
                sessions::state(connection, &hash, is_used, now)
            })
            .await;
        match state {
            Ok(Some(text)) => serde_json::from_str(&text)
                .map_err(|error| LoadError::Deserialization(error.into())),
            Ok(None) => Ok(None),
            Err(error) => Ok(Some(away(error))),
        }
    }

    async fn save(&self, state: State, _: &Duration) -> Result<SessionKey, SaveError> {
        self.begin(state).await.map_err(SaveError::Other)
    }

    async fn update(
        &self,
        key: SessionKey,
        state: State,
        _: &Duration,
    ) -> Result<SessionKey, UpdateError> {
        self.change(&key, &state)
            .await
            .map_err(UpdateError::Other)?;
        Ok(key)
    }

    /// Loading a session has moved its end already.
    async fn update_ttl(&self, _: &SessionKey, _: &Duration) -> anyhow::Result<()> {
        Ok(())
    }

    async fn delete(&self, key: &SessionKey) -> anyhow::Result<()> {
        let hash = hash(key.as_ref());
        self.run(move |connection| sessions::end_one(connection, &hash))
            .await
            .context("a session was to end")
    }
}

fn hash(id: &str) -> [u8; 32] {
    Sha256::digest(id.as_bytes()).into()
}

fn away(error: StoreError) -> State {
    let reason = format!("{:#}", anyhow!(error));
    // Each value of a session is JSON.
    State::from([(AWAY.to_owned(), Value::from(reason).to_string())])
}

fn user_of(state: &State) -> Option<i64> {
    state.get(USER)?.parse().ok()
}
