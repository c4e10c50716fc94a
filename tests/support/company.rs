//! Companies to test with: the two of the demo, and whatever a test describes.

use api_status_page::clock::Clock;
use api_status_page::domain::api_key::ApiKey;
use api_status_page::domain::company::CompanyId;
use api_status_page::domain::request::Environment;
use api_status_page::domain::settings::ProfileStatus;
use api_status_page::store::companies::{
    self, NewBrand, NewChannel, NewEmployee, NewLanguage, NewSettings,
};
use api_status_page::store::{api_keys, settings};
use diesel::prelude::*;
use serde_json::{Value, json};

/// A company in a test store, with its keys in clear.
#[derive(Debug, Clone)]
pub struct Company {
    /// Its id.
    pub id: CompanyId,
    /// Its key for trying out.
    pub test_key: Key,
    /// Its key for real traffic.
    pub production_key: Key,
}

/// A key in clear.
#[derive(Debug, Clone)]
pub struct Key {
    /// The id of its row.
    pub id: i64,
    /// What senders send.
    pub text: String,
}

impl Company {
    /// Makes a company with a key for each environment.
    pub fn create(connection: &mut PgConnection, name: &str, settings: &NewSettings) -> Self {
        let now = Clock::system().now();
        let lookup_key = rand::random::<[u8; 32]>();
        let id = companies::create(connection, name, settings, &lookup_key, now).unwrap();
        Self {
            id,
            test_key: Key::create(connection, id, Environment::Test),
            production_key: Key::create(connection, id, Environment::Production),
        }
    }

    /// Changes a setting as another node would: with a version of its own.
    pub fn change(&self, connection: &mut PgConnection, statement: &str) -> i64 {
        let version = connection.transaction(|connection| {
            let version = settings::next_version(connection, self.id)?;
            diesel::sql_query(statement).execute(connection)?;
            QueryResult::Ok(version)
        });
        version.unwrap()
    }
}

impl Key {
    /// Makes one more key.
    pub fn create(
        connection: &mut PgConnection,
        company: CompanyId,
        environment: Environment,
    ) -> Self {
        let key = ApiKey::generate(environment, &mut rand::rng());
        let now = Clock::system().now();
        let name = environment.title();
        let id = api_keys::create(connection, company, environment, name, &key, now).unwrap();
        let text = key.expose().to_owned();
        Self { id, text }
    }
}

/// Settings, a step at a time.
#[derive(Debug, Clone)]
pub struct Settings(NewSettings);

impl Settings {
    /// A company without anything.
    pub fn empty() -> Self {
        Self(NewSettings {
            channels: Vec::new(),
            ..NewSettings::default()
        })
    }

    /// With a channel.
    pub fn channel(mut self, label: &str, enabled: bool, integrated: bool) -> Self {
        self.0.channels.push(NewChannel {
            label: label.to_owned(),
            name: None,
            enabled,
            integrated,
            aliases: Vec::new(),
        });
        self
    }

    /// With a brand.
    pub fn brand(mut self, label: &str, active: bool) -> Self {
        self.0.brands.push(NewBrand {
            label: label.to_owned(),
            name: None,
            active,
            aliases: Vec::new(),
        });
        self
    }

    /// With a language.
    pub fn language(mut self, tag: &str, active: bool) -> Self {
        self.0.languages.push(NewLanguage {
            tag: tag.to_owned(),
            active,
            aliases: Vec::new(),
        });
        self
    }

    /// With an employee.
    pub fn employee(mut self, email: &str, custom_id: &str, status: ProfileStatus) -> Self {
        let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        self.0.employees.push(NewEmployee {
            name: None,
            email: some(email),
            custom_id: some(custom_id),
            status,
        });
        self
    }

    /// As the store takes them.
    pub fn done(self) -> NewSettings {
        self.0
    }
}

/// Larkspur Outdoor: something of everything.
pub fn larkspur() -> NewSettings {
    let settings = Settings::empty()
        .channel("email", true, true)
        .channel("chat", true, true)
        .channel("phone", true, false)
        .channel("sms", false, false)
        .brand("larkspur", true)
        .brand("larkspur-kids", true)
        .brand("larkspur-outlet", false)
        .language("en", true)
        .language("fr-CA", true)
        .language("de", false)
        .employee("ada.osei@larkspur.example", "L-1001", ProfileStatus::Active)
        .employee(
            "ben.ruiz@larkspur.example",
            "L-1002",
            ProfileStatus::Deactivated,
        )
        .employee(
            "chen.wei@larkspur.example",
            "L-1003",
            ProfileStatus::PendingReview,
        );
    let more = (1_004..1_044).fold(settings, |settings, number| {
        let email = format!("agent{number}@larkspur.example");
        settings.employee(&email, &format!("L-{number}"), ProfileStatus::Active)
    });
    more.done()
}

/// Solo Tea: one of each.
pub fn solo_tea() -> NewSettings {
    Settings::empty()
        .channel("email", true, true)
        .brand("solo", true)
        .language("en", true)
        .employee("mei.tan@solotea.example", "S-1", ProfileStatus::Active)
        .employee("ivo.beck@solotea.example", "S-2", ProfileStatus::Active)
        .employee("uma.rao@solotea.example", "S-3", ProfileStatus::Active)
        .done()
}

/// A request that Larkspur accepts with either key.
pub fn accepted() -> Value {
    json!({
        "customer": {"name": "Jane Doe", "email": "jane@customer.example"},
        "employee": {"email": "ada.osei@larkspur.example"},
        "channel": "email",
        "brand": "larkspur",
        "language": "en",
    })
}

/// The same with the value at a JSON pointer replaced; `null` takes it away.
pub fn accepted_but(pointer: &str, value: impl Into<Value>) -> Value {
    with(accepted(), pointer, value)
}

/// `body` with the value at a JSON pointer replaced or added; `null` takes it away.
pub fn with(mut body: Value, pointer: &str, value: impl Into<Value>) -> Value {
    let (parent, field) = pointer.rsplit_once('/').unwrap();
    let parent = body.pointer_mut(parent).unwrap().as_object_mut().unwrap();
    match value.into() {
        Value::Null => parent.remove(field),
        value => parent.insert(field.to_owned(), value),
    };
    body
}
