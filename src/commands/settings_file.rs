//! The file of `company create --settings`: read, and looked through before anything is made, so
//! that one run names every mistake in it.

use std::collections::HashSet;
use std::fs;
use std::path::Path;

use anyhow::{Context, ensure};

use crate::domain::label::{self, NewLabel};
use crate::domain::settings::MAX_TEXT_CHARS;
use crate::domain::{email, language};
use crate::store::companies::{NewEmployee, NewSettings};

/// So many mistakes are named; the rest will be found the next time.
const MOST_NAMED: usize = 20;

/// Reads the settings in `path`. An error says where and what.
pub fn read(path: &Path) -> anyhow::Result<NewSettings> {
    let text =
        fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    parse(&text).with_context(|| format!("{} cannot be used", path.display()))
}

fn parse(text: &str) -> anyhow::Result<NewSettings> {
    let mut settings: NewSettings = serde_json::from_str(text)?;
    for language in &mut settings.languages {
        if let Some(tag) = language::canonical(&language.tag) {
            language.tag = tag;
        }
    }
    let mistakes = mistakes(&settings);
    let named = &mistakes[..mistakes.len().min(MOST_NAMED)];
    ensure!(mistakes.is_empty(), "\n  {}", named.join("\n  "));
    Ok(settings)
}

/// What the types cannot tell: texts that the pages would not take, two that are the same.
fn mistakes(settings: &NewSettings) -> Vec<String> {
    let mut mistakes = Mistakes::default();
    let folded = |text: &str| label::fold(text).into_owned();
    for channel in &settings.channels {
        let name = channel.name.as_deref();
        mistakes.look_at("channels", &channel.label, name, folded(&channel.label));
    }
    for brand in &settings.brands {
        let name = brand.name.as_deref();
        mistakes.look_at("brands", &brand.label, name, folded(&brand.label));
    }
    for language in &settings.languages {
        mistakes.look_at("languages", &language.tag, None, folded(&language.tag));
        if language::canonical(&language.tag).is_none() {
            let tag = &language.tag;
            mistakes.add(format!(
                "languages: `{tag}` is no language tag, such as `fr-CA`"
            ));
        }
    }
    // After all labels: an alias never takes the place of one.
    for (kind, _, alias) in settings.aliases() {
        mistakes.look_at(kind.plural(), alias, None, folded(alias));
    }
    for (number, employee) in (1..).zip(&settings.employees) {
        mistakes.look_at_employee(number, employee);
    }
    mistakes.found
}

#[derive(Default)]
struct Mistakes {
    found: Vec<String>,
    seen: HashSet<(&'static str, String)>,
}

impl Mistakes {
    fn add(&mut self, mistake: String) {
        self.found.push(mistake);
    }

    fn look_at(&mut self, list: &'static str, label: &str, name: Option<&str>, folded: String) {
        if let Err(fault) = NewLabel::parse(label) {
            self.add(format!("{list}: `{label}`: {}", fault.words()));
        }
        if let Some(name) = name
            && let Some(fault) = fault_of(name)
        {
            self.add(format!("{list}: `{name}` {fault}"));
        }
        if !folded.is_empty() && !self.seen.insert((list, folded)) {
            self.add(format!("{list}: `{label}` is there twice"));
        }
    }

    fn look_at_employee(&mut self, number: usize, employee: &NewEmployee) {
        let sent = |text: &Option<String>| text.clone().filter(|text| !text.trim().is_empty());
        let (address, custom_id) = (sent(&employee.email), sent(&employee.custom_id));
        if address.is_none() && custom_id.is_none() {
            self.add(format!(
                "employees: number {number} has neither an email nor a custom_id"
            ));
        }
        for text in [&address, &custom_id, &sent(&employee.name)]
            .into_iter()
            .flatten()
        {
            if let Some(fault) = fault_of(text) {
                self.add(format!("employees: number {number}: `{text}` {fault}"));
            }
        }
        if let Some(address) = address {
            if !email::is_mailbox(address.trim()) {
                self.add(format!("employees: `{address}` is no e-mail address"));
            }
            if !self
                .seen
                .insert(("email", email::fold(&address).into_owned()))
            {
                self.add(format!("employees: the email `{address}` is there twice"));
            }
        }
        if let Some(id) = custom_id
            && !self.seen.insert(("custom_id", id.trim().to_owned()))
        {
            self.add(format!("employees: the custom_id `{id}` is there twice"));
        }
    }
}

fn fault_of(text: &str) -> Option<String> {
    if text.trim().is_empty() {
        Some("is empty".to_owned())
    } else if text.chars().count() > MAX_TEXT_CHARS {
        Some(format!("is longer than {MAX_TEXT_CHARS} characters"))
    } else if text.chars().any(char::is_control) {
        Some("has a control character in it".to_owned())
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problem(text: &str) -> String {
        format!("{:#}", parse(text).unwrap_err())
    }

    #[test]
    fn a_whole_company_is_read() {
        let settings = parse(
            r#"{
                "time_zone": "America/Toronto",
                "channels": [{"label": "phone", "name": "Phone", "integrated": true, "aliases": ["voice"]}],
                "brands": [{"label": "north"}, {"label": "south", "active": false}],
                "languages": [{"tag": "fr_ca"}],
                "employees": [{"custom_id": "7"}, {"email": "a@b.example", "status": "pending-review"}]
            }"#,
        );
        let settings = settings.unwrap();
        assert!(settings.channels[0].enabled && settings.channels[0].integrated);
        assert_eq!(settings.channels[0].aliases, ["voice"]);
        assert!(!settings.brands[1].active);
        assert_eq!(settings.languages[0].tag, "fr-CA");
        assert_eq!(parse("{}").unwrap().channels.len(), 3);
    }

    #[test]
    fn a_slip_is_told_with_its_line_and_column() {
        let words = problem("{\n  \"brand\": []\n}");
        assert!(words.contains("unknown field `brand`"), "{words}");
        assert!(words.contains("line 2 column 9"), "{words}");
        let words = problem(r#"{"time_zone": "Toronto"}"#);
        assert!(words.contains("line 1 column"), "{words}");
    }

    #[test]
    fn every_other_mistake_is_named() {
        let words = problem(
            r#"{
                "brands": [{"label": "North"}, {"label": "north "}, {"label": ""}, {"label": "-"}, {"label": "South", "name": ""}],
                "channels": [{"label": "~none"}, {"label": "phone", "aliases": ["voice", "Voice", "~none"]}],
                "languages": [{"tag": "Klingon!"}, {"tag": "und"}],
                "employees": [{"name": "Ada"}, {"email": "ada"}, {"custom_id": "1"}, {"custom_id": " 1"}]
            }"#,
        );
        for mistake in [
            "brands: `north ` is there twice",
            "brands: ``: Type the label that requests name: letters or digits.",
            "brands: `-`: Type the label that requests name: letters or digits.",
            "brands: `` is empty",
            "channels: `~none`: A label cannot begin with ~.",
            "channels: `Voice` is there twice",
            "channels: `~none` is there twice",
            "languages: `Klingon!` is no language tag",
            "languages: `und` is no language tag",
            "employees: number 1 has neither",
            "employees: `ada` is no e-mail address",
            "employees: the custom_id ` 1` is there twice",
        ] {
            assert!(words.contains(mistake), "{words}");
        }
    }
}
