//! Forms. Their state is a value: what was typed, what is wrong with it and what may be shown again.
//! One macro, `components/_form.html`, draws every field.

use crate::domain::email;

/// The longest name that a form takes, in characters.
const MAX_NAME_CHARS: usize = 100;

/// A field with what was typed into it.
#[derive(Debug, Clone)]
pub struct Field {
    /// Its name in the form and its id on the page.
    pub name: &'static str,
    /// What people call it.
    pub label: &'static str,
    /// What is typed into it.
    pub value: String,
    /// What is good to know.
    pub hint: Option<String>,
    /// What is wrong with it.
    pub problem: Option<String>,
    /// How it is typed.
    pub control: Control,
    /// Whether it may be left empty.
    pub optional: bool,
}

/// How a value is typed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Control {
    /// A line.
    Text,
    /// An e-mail address.
    Email,
    /// A password; the `autocomplete` says which. What was typed is not shown again.
    Password(&'static str),
    /// A number, and of what.
    Number(&'static str),
    /// Several lines.
    Lines,
    /// One of these, as value and words.
    Select(Vec<(String, String)>),
    /// A line, or one of these that are offered, as value and words.
    Offers(&'static [(&'static str, &'static str)]),
    /// Yes or no; checked when the value is not empty.
    Check,
    /// To be read only.
    Fixed,
}

impl Field {
    /// A line of text.
    pub fn text(name: &'static str, label: &'static str, value: impl Into<String>) -> Self {
        Self {
            name,
            label,
            value: value.into(),
            hint: None,
            problem: None,
            control: Control::Text,
            optional: false,
        }
    }

    /// The same, typed another way.
    pub fn typed(mut self, control: Control) -> Self {
        self.control = control;
        self
    }

    /// The same with something good to know.
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// The same, that may be left empty.
    pub fn optional(mut self) -> Self {
        self.optional = true;
        self
    }

    /// The same with what is wrong with it.
    pub fn with(mut self, problems: &Problems) -> Self {
        self.problem = problems.at(self.name);
        self
    }

    /// The ids of what describes it.
    pub fn described_by(&self) -> String {
        let hint = self.hint.as_ref().map(|_| format!("{}-hint", self.name));
        let problem = self.problem.as_ref();
        let problem = problem.map(|_| format!("{}-problem", self.name));
        let ids: Vec<String> = hint.into_iter().chain(problem).collect();
        ids.join(" ")
    }
}

/// What is wrong with a form, by field.
#[derive(Debug, Clone, Default)]
pub struct Problems(Vec<(&'static str, String)>);

impl Problems {
    /// Adds what is wrong with a field.
    pub fn add(&mut self, field: &'static str, words: impl Into<String>) {
        self.0.push((field, words.into()));
    }

    /// One problem of one field.
    pub fn one(field: &'static str, words: impl Into<String>) -> Self {
        Self(vec![(field, words.into())])
    }

    /// The first that is wrong with a field.
    pub fn at(&self, field: &str) -> Option<String> {
        let mut all = self.0.iter();
        all.find(|(f, _)| *f == field)
            .map(|(_, words)| words.clone())
    }

    /// Whether all is well.
    pub fn are_none(&self) -> bool {
        self.0.is_empty()
    }

    /// The value when all is well.
    pub fn or<T>(self, value: T) -> Result<T, Self> {
        match self.are_none() {
            true => Ok(value),
            false => Err(self),
        }
    }
}

/// A name as typed: trimmed, of 1 to 100 characters that can be seen.
pub fn name(text: &str) -> Result<String, &'static str> {
    let text = text.trim();
    if text.is_empty() {
        Err("Type a name.")
    } else if text.chars().count() > MAX_NAME_CHARS {
        Err("At most 100 characters.")
    } else if text.chars().any(char::is_control) {
        Err("It has characters in it that cannot be seen. Type it instead.")
    } else {
        Ok(text.to_owned())
    }
}

/// An e-mail as typed; `None` for nothing.
pub fn mailbox(text: &str) -> Result<Option<String>, &'static str> {
    match text.trim() {
        "" => Ok(None),
        address if email::is_mailbox(address) => Ok(Some(address.to_owned())),
        _ => Err("This is not one plain e-mail address, such as jane@company.example."),
    }
}
