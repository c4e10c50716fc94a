//! What `serve` prints when it is ready: where to look, how to get in, what to try, how to stop.

use std::fmt;
use std::path::PathBuf;

use super::database::data_dir;
use crate::config::{PublicUrl, ServeConfig};
use crate::demo::{Demo, DemoCompany};

/// The welcome.
pub struct Welcome<'a> {
    url: &'a PublicUrl,
    demo: Option<&'a Demo>,
    /// Where the data lies, unless that is a database elsewhere.
    data_dir: Option<PathBuf>,
}

impl<'a> Welcome<'a> {
    /// For a server that is served at `url`.
    pub fn new(config: &ServeConfig, url: &'a PublicUrl, demo: Option<&'a Demo>) -> Self {
        let is_private = config.store.configured_database().is_none();
        Self {
            url,
            demo,
            data_dir: is_private.then(|| data_dir(&config.store)),
        }
    }
}

impl fmt::Display for Welcome<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "\nAPI Status Page is served at {}\n", self.url)?;
        writeln!(f, "Sign in  {}", self.url.join("/sign-in"))?;
        match self.demo {
            Some(demo) => {
                for company in &demo.file.companies {
                    write_company(f, demo, company)?;
                }
                write_example(f, self.url, demo)?;
            }
            None => writeln!(
                f,
                "         with the users of your companies; make one with: \
                 api-status-page company create NAME --admin-email EMAIL"
            )?,
        }
        writeln!(f)?;
        if let Some(folder) = &self.data_dir {
            write!(f, "Data     {}", folder.display())?;
            let hint = " (the passwords and keys above are in demo.json)";
            writeln!(f, "{}", self.demo.map_or("", |_| hint))?;
        }
        writeln!(f, "Stop     Ctrl-C\n")
    }
}

fn write_company(f: &mut fmt::Formatter<'_>, demo: &Demo, company: &DemoCompany) -> fmt::Result {
    let marked = |secret: &str| match demo.fate_of(secret) {
        Some(fate) => format!("{secret}  ({fate})"),
        None => secret.to_owned(),
    };
    writeln!(f, "\n  {}", company.name)?;
    for (role, login) in [("admin", &company.admin), ("support", &company.support)] {
        let password = marked(&login.password);
        writeln!(f, "    {role:<15} {:<25} {password}", login.email)?;
    }
    writeln!(f, "    test key        {}", marked(&company.test_key))?;
    writeln!(f, "    production key  {}", marked(&company.production_key))
}

/// One call that is refused and one that is accepted, to be pasted; none where their key does not
/// hold.
fn write_example(f: &mut fmt::Formatter<'_>, url: &PublicUrl, demo: &Demo) -> fmt::Result {
    let first = demo.file.companies.first();
    let Some(company) = first.filter(|company| demo.fate_of(&company.test_key).is_none()) else {
        return Ok(());
    };
    let mut call = |heading: &str, employee: &str, brand: &str| {
        writeln!(f, "\n{heading}\n")?;
        writeln!(f, "curl {} \\", url.join("/v1/requests"))?;
        writeln!(f, "  -H 'x-api-key: {}' \\", company.test_key)?;
        writeln!(f, "  -H 'content-type: application/json' \\")?;
        writeln!(
            f,
            r#"  -d '{{"channel":"email","brand":"{brand}","language":"en","employee":{{"email":"{employee}"}},"customer":{{"name":"Jane Doe","email":"jane@acme.example"}}}}'"#
        )
    };
    call(
        "Send a request with two faults, then find it under Settings > Integrations > API Status Page:",
        "ben.ruiz@larkspur.example",
        "larkspur-outlet",
    )?;
    call(
        "And one that is accepted:",
        "ada.osei@larkspur.example",
        "larkspur",
    )
}
