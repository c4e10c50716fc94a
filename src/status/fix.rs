//! From an error to its end: the one control that ends it, with the value filled in.

use super::ROOT;
use super::row::value;
use crate::domain::dictionary::Reason;
use crate::domain::request::Environment;
use crate::domain::settings::{CompanySettings, EmployeeMatch, ProfileStatus};
use crate::domain::similar::Similar;
use crate::store::requests::{FindingRow, ListRow};
use crate::web::redirect::{segment, with_return};

/// The control that ends an error.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fix {
    /// The words on the button up to the value …
    pub verb: String,
    /// … the value, where it is a label …
    pub value: Option<String>,
    /// … the rest …
    pub rest: &'static str,
    /// … and the label that the value is to be treated as.
    pub target: Option<String>,
    /// Where the control is; it leads back to the request.
    pub url: String,
    /// The same without the way back, to be sent to an admin.
    pub plain_url: String,
}

/// A sentence about settings, in pieces of which some lead there.
pub struct Linked(pub Vec<(&'static str, Option<&'static str>)>);

/// Someone whom the sender may have meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Meant {
    /// The e-mail, else the custom id.
    pub name: String,
    /// Where the profile stands.
    pub status: ProfileStatus,
    /// The profile.
    pub url: String,
    /// The profile with what was sent filled in; it leads back to the request.
    pub give_url: String,
}

impl Fix {
    fn new(
        row: &ListRow,
        verb: &str,
        value: Option<&str>,
        rest: &'static str,
        url: String,
    ) -> Option<Self> {
        let here = format!("{ROOT}/requests/{}", row.id);
        Some(Self {
            verb: verb.to_owned(),
            value: value.map(str::to_owned),
            rest,
            target: None,
            url: with_return(&url, Some(&here)),
            plain_url: url,
        })
    }

    /// "Treat `voice` as `phone`": a label that nobody knows, read as one that there is. Without a
    /// suggestion the admin picks.
    fn alias(row: &ListRow, kind: &str, sent: &str, suggestion: Option<&str>) -> Option<Self> {
        let sent = sent.trim();
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.append_pair("label", sent);
        if let Some(target) = suggestion {
            query.append_pair("target", target);
        }
        let query = query.finish();
        let url = format!("/settings/company-info/{kind}/aliases/new?{query}");
        let rest = match suggestion {
            Some(_) => " as ",
            None => " as another one …",
        };
        let fix = Self::new(row, "Treat", Some(sent), rest, url)?;
        Some(Self {
            target: suggestion.map(str::to_owned),
            ..fix
        })
    }

    /// All words on the button.
    pub fn words(&self) -> String {
        let value = self.value.as_ref().map(|value| format!(" {value}"));
        let target = self.target.as_deref().unwrap_or_default();
        format!(
            "{}{}{}{target}",
            self.verb,
            value.unwrap_or_default(),
            self.rest
        )
    }
}

/// What ends an error now, the most likely first; nothing when no setting does, or it is ended
/// already.
pub fn fixes(
    reason: Reason,
    row: &ListRow,
    finding: &FindingRow,
    settings: &CompanySettings,
) -> Vec<Fix> {
    let sent = value(row, reason, finding).unwrap_or_default();
    let environment = Environment::from_number(row.environment);
    let fix = fix(reason, row, finding, settings);
    let (kind, can_be_no_alias, suggestion) = match reason {
        Reason::ChannelUnknown => (
            "channels",
            settings.channels.is_empty() || settings.channel(sent).is_some(),
            environment.and_then(|e| settings.suggested_channel(sent, e)),
        ),
        Reason::BrandUnknown => (
            "brands",
            settings.brands.is_empty() || settings.brand(sent).is_some(),
            settings.suggested_brand(sent),
        ),
        Reason::LanguageUnknown => (
            "languages",
            settings.languages.is_empty() || settings.language(sent).is_some(),
            settings.suggested_language(sent),
        ),
        _ => return fix.into_iter().collect(),
    };
    if can_be_no_alias {
        return fix.into_iter().collect();
    }
    let alias = Fix::alias(row, kind, sent, suggestion);
    match suggestion {
        Some(_) => alias.into_iter().chain(fix).collect(),
        None => fix.into_iter().chain(alias).collect(),
    }
}

/// The setting that ends an error now.
fn fix(
    reason: Reason,
    row: &ListRow,
    finding: &FindingRow,
    settings: &CompanySettings,
) -> Option<Fix> {
    let value = value(row, reason, finding).unwrap_or_default();
    let info = |kind: &str, label: &str| {
        let label = segment(label);
        format!("/settings/company-info/{kind}/{label}/activation")
    };
    let new = |kind: &str| {
        let mut query = form_urlencoded::Serializer::new(String::new());
        let query = query.append_pair("label", value.trim()).finish();
        format!("/settings/company-info/{kind}/new?{query}")
    };
    match reason {
        Reason::ProfileNotComplete | Reason::Deactivated => {
            let found = find_employee(finding, settings)?;
            let name = row.employee_name.as_deref().unwrap_or("the employee");
            let (verb, path) = match found.status {
                ProfileStatus::Active => return None,
                ProfileStatus::Deactivated => ("Reactivate", "reactivation"),
                ProfileStatus::PendingReview
                | ProfileStatus::Confirmed
                | ProfileStatus::Unapproved => ("Approve", "approval"),
            };
            let url = format!("/settings/employees/{}/{path}", found.id);
            Fix::new(row, &format!("{verb} {name}"), None, "", url)
        }
        Reason::EmployeeUnknown => {
            if find_employee(finding, settings).is_some() {
                return None;
            }
            let mut query = form_urlencoded::Serializer::new(String::new());
            let query = query.append_pair(field(finding), value.trim()).finish();
            let url = format!("/settings/employees/new?{query}");
            Fix::new(row, "Add this employee", None, "", url)
        }
        Reason::ChannelUnknown | Reason::ChannelNotEnabled | Reason::ChannelManual => {
            match settings.channel(value) {
                None => {
                    // What asks for it must be able to use it.
                    let integrated = match row.environment == Environment::Production.number() {
                        true => "&integrated=yes",
                        false => "",
                    };
                    let url = new("channels") + integrated;
                    Fix::new(row, "Add", Some(value), " as a channel", url)
                }
                Some(channel) if !channel.enabled => {
                    let url = info("channels", &channel.label);
                    Fix::new(row, "Enable", Some(&channel.label), "", url)
                }
                Some(channel)
                    if !channel.integrated
                        && row.environment == Environment::Production.number() =>
                {
                    let label = segment(&channel.label);
                    let url = format!("/settings/integrations/channels/{label}/integration");
                    Fix::new(row, "Switch", Some(&channel.label), " to integrated", url)
                }
                Some(_) => None,
            }
        }
        Reason::BrandUnknown | Reason::BrandInactive => match settings.brand(value) {
            None => Fix::new(row, "Add", Some(value), " as a brand", new("brands")),
            Some(brand) if !brand.active => {
                let url = info("brands", &brand.label);
                Fix::new(row, "Activate", Some(&brand.label), "", url)
            }
            Some(_) => None,
        },
        Reason::LanguageUnknown | Reason::LanguageInactive => match settings.language(value) {
            None => Fix::new(row, "Add", Some(value), " as a language", new("languages")),
            Some(language) if !language.active => {
                let url = info("languages", &language.label);
                Fix::new(row, "Activate", Some(&language.label), "", url)
            }
            Some(_) => None,
        },
        Reason::EmployeeNotSent
        | Reason::CustomerEmailMissing
        | Reason::CustomerEmailFormat
        | Reason::CustomerNameFormat
        | Reason::BrandNotProvided
        | Reason::LanguageNotSpecified
        | Reason::NotJson
        | Reason::TooLarge
        | Reason::WrongType
        | Reason::Missing => None,
    }
}

/// The employees whom the sender of an unknown one may have meant. Only who signed in is told: an
/// answer never gives an address away.
pub fn meant(
    reason: Reason,
    row: &ListRow,
    finding: &FindingRow,
    settings: &CompanySettings,
) -> Vec<Meant> {
    let sent = value(row, reason, finding).unwrap_or_default().trim();
    if reason != Reason::EmployeeUnknown || find_employee(finding, settings).is_some() {
        return Vec::new();
    }
    let here = format!("{ROOT}/requests/{}", row.id);
    let meant = |employee: Similar| {
        let url = format!("/settings/employees/{}", employee.id);
        let mut query = form_urlencoded::Serializer::new(String::new());
        let query = query.append_pair(field(finding), sent).finish();
        Meant {
            name: employee.name.to_owned(),
            status: employee.status,
            give_url: with_return(&format!("{url}?{query}"), Some(&here)),
            url,
        }
    };
    let similar = settings.employees.similar(sent);
    similar.into_iter().map(meant).collect()
}

/// What was sent of an employee, as the forms call it.
fn field(finding: &FindingRow) -> &'static str {
    match is_email(finding) {
        true => "email",
        false => "custom_id",
    }
}

fn is_email(finding: &FindingRow) -> bool {
    finding.pointer == "/employee/email"
}

fn find_employee(finding: &FindingRow, settings: &CompanySettings) -> Option<EmployeeMatch> {
    let value = finding.value.as_deref()?;
    match is_email(finding) {
        true => settings.employees.by_email(value),
        false => settings.employees.by_custom_id(value),
    }
}

/// The pages that sentences name, the longer names first.
const PLACES: [(&str, &str); 5] = [
    (
        "Settings > Integrations > Integrated Channels",
        "/settings/integrations#channels",
    ),
    (
        "Settings > Company Info > Channels",
        "/settings/company-info#channels",
    ),
    (
        "Settings > Company Info > Brands",
        "/settings/company-info#brands",
    ),
    (
        "Settings > Company Info > Languages",
        "/settings/company-info#languages",
    ),
    ("Settings > Employees", "/settings/employees"),
];

impl Linked {
    /// Makes links of the pages that a sentence names.
    pub fn new(sentence: &'static str) -> Self {
        let mut pieces = Vec::new();
        let mut rest = sentence;
        while let Some((at, name, url)) = PLACES
            .iter()
            .filter_map(|(name, url)| Some((rest.find(name)?, *name, *url)))
            .min_by_key(|(at, ..)| *at)
        {
            pieces.push((&rest[..at], None));
            pieces.push((&rest[at..at + name.len()], Some(url)));
            rest = &rest[at + name.len()..];
        }
        pieces.push((rest, None));
        Self(pieces)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sentence_leads_to_the_pages_that_it_names() {
        let Linked(pieces) = Linked::new(Reason::ChannelManual.next_step());
        assert_eq!(
            pieces,
            [
                ("Switch the channel to integrated under ", None),
                (
                    "Settings > Integrations > Integrated Channels",
                    Some("/settings/integrations#channels")
                ),
                (".", None),
            ]
        );
        let sentence = Reason::BrandNotProvided.next_step();
        assert_eq!(Linked::new(sentence).0, [(sentence, None)]);
    }

    #[test]
    fn whatever_sentences_say_about_settings_is_a_link() {
        for reason in Reason::ALL {
            for (piece, url) in Linked::new(reason.next_step()).0 {
                assert!(url.is_some() || !piece.contains("Settings"), "{piece}");
            }
            for step in reason.code().entry().admin_steps {
                // The dictionary names a section by the page it is on.
                for (piece, url) in Linked::new(step).0 {
                    assert!(url.is_some() || !piece.contains("Settings"), "{piece}");
                }
            }
        }
    }
}
