//! People with a browser: they keep their cookie, and their forms come from our own pages.

use std::net::SocketAddr;

use api_status_page::access::{password_link, passwords};
use api_status_page::clock::Clock;
use api_status_page::domain::user::Role;
use api_status_page::store::users::{self, NewUser};
use chrono::TimeDelta;

use super::http::{Answer, Call};
use super::{Company, TestApp, TestStore};

/// The password of every user of a test.
pub const PASSWORD: &str = "correct horse battery";

/// Someone at a browser.
#[derive(Debug, Clone)]
pub struct Person {
    address: SocketAddr,
    /// The cookie as the browser sends it back.
    pub cookie: Option<String>,
}

impl Person {
    /// Someone who did nothing yet.
    pub fn new(app: &TestApp) -> Self {
        Self {
            address: app.address,
            cookie: None,
        }
    }

    /// The same person, with the same cookie, at another node.
    pub fn at(&self, node: &TestApp) -> Self {
        Self {
            address: node.address,
            cookie: self.cookie.clone(),
        }
    }

    /// Looks at a page.
    #[track_caller]
    pub fn get(&mut self, path: &str) -> Answer {
        self.send(Call::new("GET", path))
    }

    /// Sends a form of one of our pages.
    #[track_caller]
    pub fn post(&mut self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let form = form_urlencoded::Serializer::new(String::new())
            .extend_pairs(fields)
            .finish();
        let call = Call::new("POST", path)
            .header("sec-fetch-site", "same-origin")
            .header("content-type", "application/x-www-form-urlencoded")
            .body(form);
        self.send(call)
    }

    /// Opens a form, fills some of its fields in, and sends it as a browser does: with all the others
    /// as they are.
    #[track_caller]
    pub fn fill_in(&mut self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let page = self.get(path);
        assert_eq!(page.status, 200, "{path}: {}", page.text());
        let version = page.hidden("version");
        let way_back = page.hidden("return_to");
        let mut all = fields.to_vec();
        all.extend(version.as_deref().map(|v| ("version", v)));
        all.extend(way_back.as_deref().map(|v| ("return_to", v)));
        self.post(path, &all)
    }

    /// Sends a file with a form.
    #[track_caller]
    pub fn upload(&mut self, path: &str, name: &str, file: &[u8]) -> Answer {
        let mut body = format!(
            "--limit\r\ncontent-disposition: form-data; name=\"file\"; filename=\"{name}\"\r\n\
             content-type: text/csv\r\n\r\n"
        )
        .into_bytes();
        body.extend_from_slice(file);
        body.extend_from_slice(b"\r\n--limit--\r\n");
        let call = Call::new("POST", path)
            .header("sec-fetch-site", "same-origin")
            .header("content-type", "multipart/form-data; boundary=limit")
            .body(body);
        self.send(call)
    }

    /// Sends the sign-in form.
    #[track_caller]
    pub fn sign_in(&mut self, email: &str, password: &str) -> Answer {
        self.post("/sign-in", &[("email", email), ("password", password)])
    }

    /// Whether the pages know who this is.
    #[track_caller]
    pub fn is_signed_in(&mut self) -> bool {
        match self.get("/settings").status {
            200 => true,
            303 => false,
            other => panic!("{other}"),
        }
    }

    #[track_caller]
    fn send(&mut self, call: Call) -> Answer {
        let call = match &self.cookie {
            Some(cookie) => call.header("cookie", cookie),
            None => call,
        };
        let answer = call.send_to(self.address);
        if let Some(cookie) = answer.header("set-cookie") {
            let pair = cookie.split(';').next().unwrap();
            self.cookie = (!pair.ends_with('=')).then(|| pair.to_owned());
        }
        answer
    }
}

impl TestStore {
    /// Makes a user who can sign in, and returns the id.
    pub fn user(&self, company: &Company, email: &str, role: Role) -> i64 {
        let id = self.invited(company, email, role);
        let hash = passwords::hash(PASSWORD).unwrap();
        users::set_password(&mut self.connection(), id, &hash).unwrap();
        id
    }

    /// Makes a user who has no password yet, and returns the id.
    pub fn invited(&self, company: &Company, email: &str, role: Role) -> i64 {
        let user = NewUser {
            email,
            name: "Ada Osei",
            role,
        };
        let now = Clock::system().now();
        users::create(&mut self.connection(), company.id, user, now).unwrap()
    }

    /// The path of a new one-time link for a user.
    pub fn link_for(&self, user_id: i64, time_to_live: TimeDelta) -> String {
        let now = Clock::system().now();
        password_link::make(&mut self.connection(), user_id, now, time_to_live).unwrap()
    }
}

impl TestApp {
    /// An admin of Larkspur, signed in.
    #[track_caller]
    pub fn admin(&self) -> Person {
        self.person("admin@larkspur.example", Role::Admin)
    }

    /// Someone of Larkspur's support, signed in.
    #[track_caller]
    pub fn support(&self) -> Person {
        self.person("support@larkspur.example", Role::Support)
    }

    #[track_caller]
    fn person(&self, email: &str, role: Role) -> Person {
        self.user(&self.store().larkspur, email, role);
        let mut person = Person::new(self);
        assert_eq!(person.sign_in(email, PASSWORD).status, 303);
        person
    }
}
