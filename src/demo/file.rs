//! `demo.json`: how to get in to the demo companies. It holds passwords and keys in clear, so only
//! its owner may read it.

use std::fs::{self, OpenOptions};
use std::io::{ErrorKind, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use anyhow::Context;
use rand::Rng;
use rand::distr::{Distribution, slice};
use serde::{Deserialize, Serialize};

use crate::config::PublicUrl;
use crate::domain::api_key::ApiKey;
use crate::domain::request::Environment;

/// Letters and digits that nobody takes for one another.
const LETTERS: &[u8] = b"abcdefghijkmnpqrstuvwxyz23456789";

/// The whole file.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct DemoFile {
    /// Where the installation is served.
    pub url: String,
    /// Larkspur Outdoor, then Solo Tea.
    pub companies: Vec<DemoCompany>,
}

/// How to get in to one company.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct DemoCompany {
    /// Its name.
    pub name: String,
    /// A key of its test environment.
    pub test_key: String,
    /// A key of its production environment.
    pub production_key: String,
    /// Who may do everything.
    pub admin: Login,
    /// Who may look.
    pub support: Login,
}

/// What someone signs in with.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Login {
    /// The e-mail.
    pub email: String,
    /// The password.
    pub password: String,
}

impl DemoFile {
    /// New passwords and keys.
    pub fn generate(rng: &mut impl Rng) -> Self {
        let mut company = |name: &str, domain: &str| DemoCompany {
            name: name.to_owned(),
            test_key: key(Environment::Test, rng),
            production_key: key(Environment::Production, rng),
            admin: Login::generate("admin", domain, rng),
            support: Login::generate("support", domain, rng),
        };
        Self {
            url: String::new(),
            companies: vec![
                company("Larkspur Outdoor", "larkspur.example"),
                company("Solo Tea", "solotea.example"),
            ],
        }
    }

    /// Reads the file of a data folder, if there is one.
    pub fn read(data_dir: &Path) -> anyhow::Result<Option<Self>> {
        let path = path(data_dir);
        let text = match fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => {
                return Err(error).with_context(|| format!("cannot read {}", path.display()));
            }
        };
        let unreadable = || format!("{} cannot be read: mend it or delete it", path.display());
        serde_json::from_str(&text)
            .map(Some)
            .with_context(unreadable)
    }

    /// Says where the installation is served now, and whether that is new.
    pub fn serve_at(&mut self, url: &PublicUrl) -> bool {
        let url = url.to_string();
        let is_new = self.url != url;
        self.url = url;
        is_new
    }

    /// Writes the file whole or not at all, for its owner's eyes only.
    pub fn write(&self, data_dir: &Path) -> anyhow::Result<()> {
        let path = path(data_dir);
        let unfinished = path.with_extension("json.unfinished");
        let write = || {
            let _ = fs::remove_file(&unfinished);
            let mut options = OpenOptions::new();
            let mut file = options
                .write(true)
                .create_new(true)
                .mode(0o600)
                .open(&unfinished)?;
            serde_json::to_writer_pretty(&mut file, self)?;
            file.write_all(b"\n")?;
            file.sync_all()?;
            fs::rename(&unfinished, &path)
        };
        write().with_context(|| format!("cannot write {}", path.display()))
    }
}

impl Login {
    fn generate(name: &str, domain: &str, rng: &mut impl Rng) -> Self {
        Self {
            email: format!("{name}@{domain}"),
            password: password(rng),
        }
    }
}

fn path(data_dir: &Path) -> PathBuf {
    data_dir.join("demo.json")
}

fn key(environment: Environment, rng: &mut impl Rng) -> String {
    ApiKey::generate(environment, rng).expose().to_owned()
}

/// Four groups of four: 80 random bits that can be read out on the telephone.
fn password(rng: &mut impl Rng) -> String {
    let letters = slice::Choose::new(LETTERS).expect("there are letters");
    let mut group = || -> String {
        let letters = letters.sample_iter(&mut *rng).take(4);
        letters.map(|letter| char::from(*letter)).collect()
    };
    [group(), group(), group(), group()].join("-")
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn the_file_is_written_for_its_owner_only_and_read_back() {
        let folder = tempfile::tempdir().unwrap();
        assert!(DemoFile::read(folder.path()).unwrap().is_none());
        let mut file = DemoFile::generate(&mut rand::rng());
        let url: PublicUrl = "http://127.0.0.1:8080".parse().unwrap();
        assert!(file.serve_at(&url));
        assert!(!file.serve_at(&url));
        file.write(folder.path()).unwrap();
        file.write(folder.path()).unwrap();
        let mode = fs::metadata(path(folder.path())).unwrap().permissions();
        assert_eq!(mode.mode() & 0o777, 0o600);
        let read = DemoFile::read(folder.path()).unwrap().unwrap();
        assert_eq!(read.url, "http://127.0.0.1:8080");
        let [larkspur, solo] = &read.companies[..] else {
            panic!("{read:?}");
        };
        assert_eq!(larkspur.admin.email, "admin@larkspur.example");
        assert!(solo.test_key.starts_with("acs_test_"));
        assert_eq!(solo.support.password.len(), 19);
        fs::write(path(folder.path()), "{").unwrap();
        assert!(DemoFile::read(folder.path()).is_err());
    }
}
