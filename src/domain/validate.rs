//! The rules. `validate` is the one pure function that judges a request; the live API, the request
//! page and whatever asks "would it pass?" call it, and no rule lives anywhere else.

use std::borrow::Cow;

use super::body::{Body, Given};
use super::dictionary::{ErrorCode, Reason};
use super::request::{Environment, KEPT_CHARS, Kind};
use super::settings::{CompanySettings, EmployeeMatch, ProfileStatus};
use super::warning::Warning;

/// The longest name of a customer, in characters.
pub const MAX_NAME_CHARS: usize = 255;

/// One thing that is wrong with a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The error and its variant.
    pub reason: Reason,
    /// JSON pointer to the field in the body.
    pub pointer: Cow<'static, str>,
    /// The value it is about, as sent; `None` where nothing was sent.
    pub value: Option<String>,
    /// What the sender probably meant. Never an employee: addresses are not given away.
    pub suggestion: Option<String>,
    detail: Option<String>,
}

impl Finding {
    /// A finding about `value` at `pointer`.
    pub fn new(reason: Reason, pointer: impl Into<Cow<'static, str>>, value: Option<&str>) -> Self {
        Self {
            reason,
            pointer: pointer.into(),
            value: value.map(|v| v.chars().take(KEPT_CHARS).collect()),
            suggestion: None,
            detail: None,
        }
    }

    /// The same with a sentence more exact than the dictionary's.
    pub fn with_detail(mut self, detail: impl Into<String>) -> Self {
        self.detail = Some(detail.into());
        self
    }

    fn with_suggestion(mut self, suggestion: Option<&str>) -> Self {
        self.suggestion = suggestion.map(str::to_owned);
        self
    }

    /// The error, without its variant.
    pub fn code(&self) -> ErrorCode {
        self.reason.code()
    }

    /// What is wrong and what to do about it, in words for the sender.
    pub fn detail(&self) -> String {
        let what = self.detail.as_deref().unwrap_or(self.reason.sentence());
        let step = self.reason.next_step();
        match &self.suggestion {
            Some(suggestion) => format!("{what} Did you mean `{suggestion}`? {step}"),
            None => format!("{what} {step}"),
        }
    }
}

/// What `validate` found out about a request.
#[derive(Debug, Default)]
pub struct Verdict<'s> {
    /// Everything that is wrong, in rule order. None: the request is valid.
    pub findings: Vec<Finding>,
    /// What is not wrong but worth knowing.
    pub warnings: Vec<Warning>,
    /// The employee found, whatever their status.
    pub employee: Option<EmployeeMatch>,
    /// The label of the channel found, enabled or not.
    pub channel: Option<&'s str>,
    /// The label of the brand found, active or not.
    pub brand: Option<&'s str>,
    /// The tag of the language found, active or not.
    pub language: Option<&'s str>,
}

impl Verdict<'_> {
    /// The errors as a bit mask, see [`ErrorCode::bit`].
    pub fn error_mask(&self) -> i16 {
        self.findings.iter().fold(0, |m, f| m | f.code().bit())
    }
}

/// Judges a request against the company's settings: every problem, not only the first. Each aspect
/// (employee, customer, channel, brand, language) is judged by itself and adds at most one finding;
/// an aspect whose field could not be read is not judged. A label that an alias of the company reads
/// is as good as the label itself: no warning, since the company agreed to it and the sender has
/// nothing to mend.
pub fn validate<'s>(
    kind: Kind,
    body: &Body<'_>,
    settings: &'s CompanySettings,
    environment: Environment,
) -> Verdict<'s> {
    let mut verdict = Verdict {
        findings: body.malformed.clone(),
        ..Verdict::default()
    };
    if body.is_unreadable() {
        return verdict;
    }
    check_employee(body, settings, &mut verdict);
    if kind == Kind::Feedback {
        check_customer(body, &mut verdict);
        check_channel(body, settings, environment, &mut verdict);
        check_brand(body, settings, &mut verdict);
        check_language(body, settings, &mut verdict);
    }
    verdict
}

fn check_employee(body: &Body<'_>, settings: &CompanySettings, verdict: &mut Verdict<'_>) {
    if body.employee_email.is_broken() || body.employee_custom_id.is_broken() {
        return;
    }
    let email = body.employee_email.as_str();
    let custom_id = body.employee_custom_id.as_str();
    let by_email = email.and_then(|e| settings.employees.by_email(e));
    let by_custom_id = custom_id.and_then(|c| settings.employees.by_custom_id(c));
    verdict.employee = by_email.or(by_custom_id);
    match (by_email, by_custom_id) {
        (Some(one), Some(other)) if one.id != other.id => verdict.warnings.push(Warning {
            code: "employee_ambiguous".to_owned(),
            pointer: "/employee/custom_id".to_owned(),
            detail: "email and custom_id name different people; the e-mail counts".to_owned(),
        }),
        (None, Some(_)) if email.is_some() => verdict.warnings.push(Warning {
            code: "employee_email_unknown".to_owned(),
            pointer: "/employee/email".to_owned(),
            detail: "nobody has this e-mail; the custom_id was used".to_owned(),
        }),
        _ => {}
    }
    let found_by_custom_id = by_email.is_none() && by_custom_id.is_some();
    let (pointer, value) = match (email, custom_id) {
        // Not the e-mail that nobody has: an admin could not look the employee up by it.
        (_, Some(_)) if found_by_custom_id => ("/employee/custom_id", custom_id),
        (Some(_), _) => ("/employee/email", email),
        (None, Some(_)) => ("/employee/custom_id", custom_id),
        (None, None) => ("/employee", None),
    };
    let reason = match verdict.employee.map(|e| e.status) {
        Some(ProfileStatus::Active) => return,
        Some(ProfileStatus::Deactivated) => Reason::Deactivated,
        Some(
            ProfileStatus::PendingReview | ProfileStatus::Confirmed | ProfileStatus::Unapproved,
        ) => Reason::ProfileNotComplete,
        None if value.is_none() => Reason::EmployeeNotSent,
        None => Reason::EmployeeUnknown,
    };
    verdict.findings.push(Finding::new(reason, pointer, value));
}

fn check_customer(body: &Body<'_>, verdict: &mut Verdict<'_>) {
    if body.customer_email.is_broken() || body.customer_name.is_broken() {
        return;
    }
    let email = body.customer_email.as_str();
    let name = body.customer_name.as_str();
    let email_needed = match body.do_not_send {
        Given::Value(do_not_send) => !do_not_send,
        Given::Absent => true,
        Given::Broken => false, // It cannot be known; the broken flag has a finding of its own.
    };
    let finding = match (email, name) {
        (None, _) if email_needed => {
            Finding::new(Reason::CustomerEmailMissing, "/customer/email", None)
        }
        (Some(email), _) if !super::email::is_mailbox(email) => {
            Finding::new(Reason::CustomerEmailFormat, "/customer/email", Some(email))
        }
        (_, Some(name)) if !is_name(name) => {
            Finding::new(Reason::CustomerNameFormat, "/customer/name", Some(name))
        }
        _ => return,
    };
    verdict.findings.push(finding);
}

/// Keeps out what spammers put where a name belongs.
fn is_name(name: &str) -> bool {
    (1..=MAX_NAME_CHARS).contains(&name.chars().count())
        && !name.chars().any(|c| c.is_control() || c == '<' || c == '>')
        && !name.contains("://")
        && !name
            .get(..4)
            .is_some_and(|start| start.eq_ignore_ascii_case("www."))
}

fn check_channel<'s>(
    body: &Body<'_>,
    settings: &'s CompanySettings,
    environment: Environment,
    verdict: &mut Verdict<'s>,
) {
    let Some(sent) = body.channel.as_str() else {
        return; // Missing or broken: a malformed request says so already.
    };
    let channel = settings.channel(sent);
    verdict.channel = channel.map(|c| c.label.as_str());
    let reason = match channel {
        None => Reason::ChannelUnknown,
        Some(channel) if !channel.enabled => Reason::ChannelNotEnabled,
        Some(channel) if !channel.takes(environment) => Reason::ChannelManual,
        Some(_) => return,
    };
    let suggestion = match channel {
        None => settings.suggested_channel(sent, environment),
        Some(_) => None,
    };
    let finding = Finding::new(reason, "/channel", Some(sent)).with_suggestion(suggestion);
    verdict.findings.push(finding);
}

fn check_brand<'s>(body: &Body<'_>, settings: &'s CompanySettings, verdict: &mut Verdict<'s>) {
    let active = || settings.brands.iter().filter(|b| b.active);
    let finding = match &body.brand {
        Given::Broken => return,
        Given::Absent if active().count() <= 1 => return,
        Given::Absent => Finding::new(Reason::BrandNotProvided, "/brand", None),
        Given::Value(sent) => {
            let brand = settings.brand(sent);
            verdict.brand = brand.map(|b| b.label.as_str());
            match brand {
                Some(brand) if brand.active => return,
                Some(_) => Finding::new(Reason::BrandInactive, "/brand", Some(sent)),
                None => Finding::new(Reason::BrandUnknown, "/brand", Some(sent))
                    .with_suggestion(settings.suggested_brand(sent)),
            }
        }
    };
    verdict.findings.push(finding);
}

fn check_language<'s>(body: &Body<'_>, settings: &'s CompanySettings, verdict: &mut Verdict<'s>) {
    let active = || settings.languages.iter().filter(|l| l.active);
    let finding = match &body.language {
        Given::Broken => return,
        Given::Absent if active().count() <= 1 => return,
        Given::Absent => Finding::new(Reason::LanguageNotSpecified, "/language", None),
        Given::Value(sent) => {
            let language = settings.language(sent);
            verdict.language = language.map(|l| l.label.as_str());
            match language {
                Some(language) if language.active => return,
                Some(_) => Finding::new(Reason::LanguageInactive, "/language", Some(sent)),
                None => Finding::new(Reason::LanguageUnknown, "/language", Some(sent))
                    .with_suggestion(settings.suggested_language(sent)),
            }
        }
    };
    verdict.findings.push(finding);
}

/// A side of a request that is judged by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Aspect {
    /// Who is asked about.
    Employee,
    /// Who is asked.
    Customer,
    /// How they were served.
    Channel,
    /// In whose name they are asked.
    Brand,
    /// In which language.
    Language,
}

/// How an aspect came out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It was judged and is in order.
    Passed,
    /// It has a finding.
    Failed,
    /// Its field could not be read, or the kind of call does not have it.
    NotChecked,
}

impl Aspect {
    /// All, in rule order.
    pub const ALL: [Self; 5] = [
        Self::Employee,
        Self::Customer,
        Self::Channel,
        Self::Brand,
        Self::Language,
    ];

    /// The word on the page.
    pub fn title(self) -> &'static str {
        match self {
            Self::Employee => "Employee",
            Self::Customer => "Customer",
            Self::Channel => "Channel",
            Self::Brand => "Brand",
            Self::Language => "Language",
        }
    }

    /// The aspect that an error belongs to; a malformed request belongs to none.
    pub fn of(code: ErrorCode) -> Option<Self> {
        match code {
            ErrorCode::EmployeeProfileNotComplete
            | ErrorCode::DeactivatedEmployee
            | ErrorCode::EmployeeNotFound => Some(Self::Employee),
            ErrorCode::InvalidCustomer => Some(Self::Customer),
            ErrorCode::ChannelNotEnabled | ErrorCode::ChannelInManualMode => Some(Self::Channel),
            ErrorCode::BrandNotProvided | ErrorCode::InvalidBrand => Some(Self::Brand),
            ErrorCode::LanguageNotSpecified | ErrorCode::LanguageNotAvailable => {
                Some(Self::Language)
            }
            ErrorCode::MalformedRequest => None,
        }
    }

    /// How this aspect came out, told from the findings, given as reason and pointer, alone: so a
    /// stored request says the same as a fresh one.
    pub fn outcome<'f>(
        self,
        kind: Kind,
        findings: impl IntoIterator<Item = (Reason, &'f str)>,
    ) -> Outcome {
        let mut outcome = match (kind, self) {
            (Kind::Feedback, _) | (Kind::Recovery, Self::Employee) => Outcome::Passed,
            (Kind::Recovery, _) => return Outcome::NotChecked,
        };
        for (reason, pointer) in findings {
            if Self::of(reason.code()) == Some(self) {
                return Outcome::Failed;
            }
            if reason.code() == ErrorCode::MalformedRequest && self.needs(pointer) {
                outcome = Outcome::NotChecked;
            }
        }
        outcome
    }

    /// Whether this aspect cannot be judged without the field at `pointer`.
    fn needs(self, pointer: &str) -> bool {
        match self {
            Self::Employee => pointer.is_empty() || pointer.starts_with("/employee"),
            Self::Customer => [
                "",
                "/customer",
                "/customer/name",
                "/customer/email",
                "/do_not_send",
            ]
            .contains(&pointer),
            Self::Channel => ["", "/channel"].contains(&pointer),
            Self::Brand => ["", "/brand"].contains(&pointer),
            Self::Language => ["", "/language"].contains(&pointer),
        }
    }
}
