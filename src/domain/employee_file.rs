//! Files of employees: decoded, read line by line, and compared with whom the company has. Nothing
//! is left out in silence: every line is new, changed, as it was, or wrong with a reason.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

use csv::{ReaderBuilder, StringRecord, WriterBuilder};
use serde::Serialize;

use super::email;
use super::settings::{MAX_TEXT_CHARS, ProfileStatus};
use super::spreadsheet;

/// The columns, in the order of the template.
pub const COLUMNS: [&str; 4] = ["name", "email", "custom_id", "status"];

/// More lines than the largest company has employees.
pub const MAX_LINES: usize = 200_000;

/// Of whom a file makes refused, so many names are told.
pub const MOST_NAMED: usize = 500;

/// What ends a line: either, or both in this order.
const LINE_END: [char; 2] = ['\r', '\n'];

/// An employee as a form or a file has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Profile {
    /// As shown to people.
    pub name: String,
    /// E-mail or custom id, or both.
    pub email: Option<String>,
    /// E-mail or custom id, or both.
    pub custom_id: Option<String>,
    /// Where the profile stands.
    pub status: ProfileStatus,
}

/// An employee of the company.
#[derive(Debug, Clone)]
pub struct Known {
    /// The row's id.
    pub id: i64,
    /// As it is now.
    pub profile: Profile,
}

/// Why a file cannot be read at all.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FileFault {
    /// Neither UTF-8 nor UTF-16.
    #[error("The file is neither UTF-8 nor UTF-16. Save it as “CSV UTF-8” and send it again.")]
    Encoding,
    /// Nothing in it.
    #[error("The file is empty.")]
    Empty,
    /// The first line does not name the columns that are needed.
    #[error(
        "The first line must name the columns: name, email, custom_id, status. One of email and \
         custom_id is needed; this file has “{0}”."
    )]
    Columns(String),
    /// The first line goes on to where a quotation mark has no pair.
    #[error("The first line has a quotation mark without its pair.")]
    Quotes,
    /// A column that is there twice.
    #[error("The column {0} is there twice.")]
    Twice(&'static str),
    /// More than can be taken at once.
    #[error("The file has more than 200,000 lines.")]
    TooLong,
}

/// A line that cannot be taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wrong {
    /// Where it begins in the file, from 1.
    pub line: u64,
    /// What is wrong with it.
    pub reason: String,
}

/// A line that changes somebody.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Changed {
    /// Where it is.
    pub line: u64,
    /// Whom.
    pub id: i64,
    /// As it is now.
    pub before: Profile,
    /// As it will be.
    pub after: Profile,
}

/// What a file would do.
#[derive(Debug, Clone, Default)]
pub struct Plan {
    /// Who is new, by line.
    pub new: Vec<(u64, Profile)>,
    /// Who changes.
    pub changed: Vec<Changed>,
    /// How many lines say what is so already.
    pub unchanged: usize,
    /// What cannot be taken; while there is any, nothing is.
    pub wrong: Vec<Wrong>,
}

/// Whose requests are refused because of a file, by every name that requests have for them.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Refused {
    /// Who is deactivated now and was not.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub deactivated: Vec<String>,
    /// Whose profile is no longer, or not yet, complete and approved.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub not_complete: Vec<String>,
    /// Names that nobody has any more.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub no_longer_known: Vec<String>,
}

impl Plan {
    /// Whom it makes refused: of each kind at most [`MOST_NAMED`] names, those who change before those
    /// who are new.
    pub fn refused(&self) -> Refused {
        let changed = self.changed.iter().map(|c| (Some(&c.before), &c.after));
        let new = self.new.iter().map(|(_, profile)| (None, profile));
        let mut refused = Refused::default();
        let mut given: HashSet<Cow<'_, str>> = HashSet::new();
        let mut taken: Vec<Cow<'_, str>> = Vec::new();
        for (before, after) in changed.chain(new) {
            let came_to_be = |status: fn(ProfileStatus) -> bool| {
                status(after.status) && !before.is_some_and(|before| status(before.status))
            };
            let names = || names_of(after).map(Cow::into_owned);
            if came_to_be(|status| status == ProfileStatus::Deactivated) {
                refused.deactivated.extend(names());
            } else if came_to_be(ProfileStatus::is_not_complete) {
                refused.not_complete.extend(names());
            }
            given.extend(names_of(after));
            taken.extend(before.into_iter().flat_map(names_of));
        }
        let gone = taken.into_iter().filter(|name| !given.contains(name));
        refused.no_longer_known = gone.map(Cow::into_owned).collect();
        for names in [
            &mut refused.deactivated,
            &mut refused.not_complete,
            &mut refused.no_longer_known,
        ] {
            names.truncate(MOST_NAMED);
        }
        refused
    }
}

/// What requests name an employee with, in the form in which it is matched.
fn names_of(profile: &Profile) -> impl Iterator<Item = Cow<'_, str>> {
    let address = profile.email.as_deref().map(email::fold);
    address
        .into_iter()
        .chain(profile.custom_id.as_deref().map(Cow::Borrowed))
}

/// The text of a file: UTF-8 or UTF-16, with a byte-order mark or without.
pub fn decode(bytes: &[u8]) -> Result<String, FileFault> {
    let utf16 = |bytes: &[u8], read: fn([u8; 2]) -> u16| {
        let units = bytes.chunks_exact(2).map(|pair| read([pair[0], pair[1]]));
        let is_whole = bytes.len().is_multiple_of(2);
        let text: Result<String, _> = char::decode_utf16(units).collect();
        text.ok().filter(|_| is_whole).ok_or(FileFault::Encoding)
    };
    let text = match bytes {
        [0xef, 0xbb, 0xbf, rest @ ..] => utf8(rest),
        [0xff, 0xfe, rest @ ..] => utf16(rest, u16::from_le_bytes),
        [0xfe, 0xff, rest @ ..] => utf16(rest, u16::from_be_bytes),
        // Column names are ASCII, so every other byte of the beginning is zero.
        [a, 0, b, 0, ..] if *a != 0 && *b != 0 => utf16(bytes, u16::from_le_bytes),
        [0, a, 0, b, ..] if *a != 0 && *b != 0 => utf16(bytes, u16::from_be_bytes),
        bytes => utf8(bytes),
    }?;
    match text.contains('\0') {
        true => Err(FileFault::Encoding),
        false => Ok(text),
    }
}

fn utf8(bytes: &[u8]) -> Result<String, FileFault> {
    String::from_utf8(bytes.to_vec()).map_err(|_| FileFault::Encoding)
}

/// Compares a file with whom the company has.
pub fn plan(text: &str, known: &[Known]) -> Result<Plan, FileFault> {
    if text.trim().is_empty() {
        return Err(FileFault::Empty);
    }
    let delimiter = delimiter(text);
    let mut reader = ReaderBuilder::new()
        .delimiter(delimiter)
        .flexible(true)
        .from_reader(text.as_bytes());
    let columns = Columns::read(reader.headers().map_err(|_| FileFault::Encoding)?);
    let mut end = reader.position().byte() as usize;
    if lacks_quote(&text[..end], delimiter) {
        return Err(FileFault::Quotes);
    }
    let index = Index::new(known);
    let mut planning = Planning {
        columns: columns?,
        index,
        by_email: HashMap::new(),
        by_custom_id: HashMap::new(),
        found: HashMap::new(),
        plan: Plan::default(),
    };
    let mut record = StringRecord::new();
    let mut count = 0;
    let (mut line, mut counted_to) = (1, 0);
    while reader
        .read_record(&mut record)
        .map_err(|_| FileFault::Encoding)?
    {
        if count == MAX_LINES {
            return Err(FileFault::TooLong);
        }
        count += 1;
        // Before a record may stand empty lines and the second half of a line's end: the reader's own
        // count of lines is of its place before these.
        let written = text[end..reader.position().byte() as usize].trim_start_matches(LINE_END);
        end = reader.position().byte() as usize;
        let begin = end - written.len();
        line += line_ends(&text[counted_to..begin]);
        counted_to = begin;
        match lacks_quote(written, delimiter) {
            true => planning.plan.wrong.push(Wrong {
                line,
                reason: "it goes on into other lines: look for a quotation mark without its pair"
                    .to_owned(),
            }),
            false => planning.take(line, &record),
        }
    }
    Ok(planning.plan)
}

/// How many lines end in a text.
fn line_ends(text: &str) -> u64 {
    let ends = text.matches(LINE_END).count() - text.matches("\r\n").count();
    ends as u64
}

/// Whether what was read as one record goes over more lines than it was meant to. A cell may have
/// several lines; but without its second quotation mark it takes in the lines below, up to the mark
/// of another cell, and that one stands where no cell ends, or up to the end of the file.
fn lacks_quote(record: &str, delimiter: u8) -> bool {
    let record = record.trim_matches(LINE_END);
    if !record.contains(LINE_END) {
        return false;
    }
    // Two in a row are one that is meant.
    let record = record.replace("\"\"", "");
    let mut parts = record.split('"').skip(1);
    let ends = [char::from(delimiter), '\r', '\n'];
    while let Some(_quoted) = parts.next() {
        match parts.next() {
            Some(after) if after.is_empty() || after.starts_with(ends) => {}
            _ => return true,
        }
    }
    false
}

/// Comma, semicolon or tab: whichever the first line has most of, outside quotation marks.
fn delimiter(text: &str) -> u8 {
    let header = text.lines().next().unwrap_or_default();
    let mut is_quoted = false;
    let mut counts = [(b',', 0), (b';', 0), (b'\t', 0)];
    for byte in header.bytes() {
        is_quoted ^= byte == b'"';
        let count = counts.iter_mut().find(|(d, _)| *d == byte && !is_quoted);
        if let Some((_, count)) = count {
            *count += 1;
        }
    }
    let most = counts.iter().rev().max_by_key(|(_, count)| *count);
    most.map_or(b',', |(delimiter, _)| *delimiter)
}

/// Where each column is.
struct Columns([Option<usize>; COLUMNS.len()]);

impl Columns {
    fn read(header: &StringRecord) -> Result<Self, FileFault> {
        let mut places = [None; COLUMNS.len()];
        for (place, title) in header.iter().enumerate() {
            let title = title.trim().to_lowercase().replace([' ', '-'], "_");
            let column = match title.as_str() {
                "name" | "full_name" => 0,
                "email" | "e_mail" | "email_address" => 1,
                "custom_id" | "customid" | "employee_id" | "id" => 2,
                "status" | "profile_status" => 3,
                _ => continue,
            };
            if places[column].replace(place).is_some() {
                return Err(FileFault::Twice(COLUMNS[column]));
            }
        }
        match places {
            [_, None, None, _] => {
                let titles: Vec<&str> = header.iter().map(str::trim).collect();
                let titles = titles.join(", ").chars().take(120).collect();
                Err(FileFault::Columns(titles))
            }
            places => Ok(Self(places)),
        }
    }

    /// What a line has in a column; `None` where the cell is empty or not there.
    fn cell(&self, record: &StringRecord, column: usize) -> Option<String> {
        let cell = record.get(self.0[column]?)?.trim();
        let cell = spreadsheet::as_written(cell);
        (!cell.is_empty()).then(|| cell.to_owned())
    }
}

/// Whom the company has, by what lines may name them with.
struct Index<'k> {
    by_email: HashMap<Cow<'k, str>, &'k Known>,
    by_custom_id: HashMap<&'k str, &'k Known>,
}

impl<'k> Index<'k> {
    fn new(known: &'k [Known]) -> Self {
        let with_email = known.iter().filter_map(|k| {
            let address = k.profile.email.as_deref()?;
            Some((email::fold(address), k))
        });
        let with_id = known
            .iter()
            .filter_map(|k| Some((k.profile.custom_id.as_deref()?, k)));
        Self {
            by_email: with_email.collect(),
            by_custom_id: with_id.collect(),
        }
    }
}

struct Planning<'k> {
    columns: Columns,
    index: Index<'k>,
    /// The line on which each was named before.
    by_email: HashMap<String, u64>,
    by_custom_id: HashMap<String, u64>,
    /// The line on which each employee was found before, by whatever name.
    found: HashMap<i64, u64>,
    plan: Plan,
}

impl Planning<'_> {
    fn take(&mut self, line: u64, record: &StringRecord) {
        if record.iter().all(|cell| cell.trim().is_empty()) {
            return;
        }
        if let Err(reason) = self.judge(line, record) {
            self.plan.wrong.push(Wrong { line, reason });
        }
    }

    fn judge(&mut self, line: u64, record: &StringRecord) -> Result<(), String> {
        let [name, address, custom_id, status] =
            [0, 1, 2, 3].map(|column| self.columns.cell(record, column));
        for (column, cell) in COLUMNS.iter().zip([&name, &address, &custom_id, &status]) {
            let Some(cell) = cell else { continue };
            if cell.chars().count() > MAX_TEXT_CHARS {
                return Err(format!(
                    "{column} is longer than {MAX_TEXT_CHARS} characters"
                ));
            }
            if cell.chars().any(char::is_control) {
                return Err(format!("{column} has characters in it that cannot be seen"));
            }
        }
        let status = status.map(|text| read_status(&text)).transpose()?;
        if let Some(address) = address.as_deref().filter(|a| !email::is_mailbox(a)) {
            return Err(format!("“{address}” is no e-mail address"));
        }
        if address.is_none() && custom_id.is_none() {
            return Err("neither an e-mail nor a custom id".to_owned());
        }
        self.note(line, address.as_deref(), custom_id.as_deref())?;
        match self.find(address.as_deref(), custom_id.as_deref())? {
            Some(known) => {
                self.note_found(line, &known)?;
                self.change(line, known, name, address, custom_id, status);
            }
            None => {
                let shown = name
                    .or_else(|| address.clone())
                    .or_else(|| custom_id.clone());
                let profile = Profile {
                    name: shown.unwrap_or_default(),
                    email: address,
                    custom_id,
                    status: status.unwrap_or_default(),
                };
                self.plan.new.push((line, profile));
            }
        }
        Ok(())
    }

    /// Remembers who was named; each may be named once.
    fn note(
        &mut self,
        line: u64,
        address: Option<&str>,
        custom_id: Option<&str>,
    ) -> Result<(), String> {
        if let Some(address) = address
            && let Some(first) = self
                .by_email
                .insert(email::fold(address).into_owned(), line)
        {
            return Err(format!("the e-mail {address} is on line {first} already"));
        }
        if let Some(id) = custom_id
            && let Some(first) = self.by_custom_id.insert(id.to_owned(), line)
        {
            return Err(format!("the custom id {id} is on line {first} already"));
        }
        Ok(())
    }

    /// Remembers who was found: lines may name one employee by different means, and each may be
    /// changed once.
    fn note_found(&mut self, line: u64, known: &Known) -> Result<(), String> {
        match self.found.insert(known.id, line) {
            Some(first) => {
                let name = &known.profile.name;
                Err(format!(
                    "this is {name}, the same employee as on line {first}"
                ))
            }
            None => Ok(()),
        }
    }

    fn find(
        &self,
        address: Option<&str>,
        custom_id: Option<&str>,
    ) -> Result<Option<Known>, String> {
        let by_email = address.and_then(|a| self.index.by_email.get(&email::fold(a)).copied());
        let by_id = custom_id.and_then(|id| self.index.by_custom_id.get(id).copied());
        match (by_email, by_id) {
            (Some(one), Some(other)) if one.id != other.id => Err(format!(
                "the e-mail is {}’s and the custom id is {}’s",
                one.profile.name, other.profile.name
            )),
            (one, other) => Ok(other.or(one).cloned()),
        }
    }

    fn change(
        &mut self,
        line: u64,
        known: Known,
        name: Option<String>,
        address: Option<String>,
        custom_id: Option<String>,
        status: Option<ProfileStatus>,
    ) {
        let before = known.profile;
        let after = Profile {
            name: name.unwrap_or_else(|| before.name.clone()),
            email: address.or_else(|| before.email.clone()),
            custom_id: custom_id.or_else(|| before.custom_id.clone()),
            status: status.unwrap_or(before.status),
        };
        match before == after {
            true => self.plan.unchanged += 1,
            false => self.plan.changed.push(Changed {
                line,
                id: known.id,
                before,
                after,
            }),
        }
    }
}

fn read_status(text: &str) -> Result<ProfileStatus, String> {
    let folded = text.trim().to_lowercase().replace([' ', '_'], "-");
    let all = ProfileStatus::ALL;
    all.into_iter()
        .find(|s| s.as_str() == folded)
        .ok_or_else(|| {
            let titles = all.map(ProfileStatus::title).join(", ");
            format!("the status “{text}” is none of {titles}")
        })
}

/// The file to begin with: the columns and one line.
pub fn template() -> String {
    let example = Profile {
        name: "Jane Doe".to_owned(),
        email: Some("jane.doe@company.example".to_owned()),
        custom_id: Some("1001".to_owned()),
        status: ProfileStatus::Active,
    };
    format!("{}{}", header(), lines(&[example]))
}

/// The first line of a file.
pub fn header() -> String {
    format!("\u{feff}{}\r\n", COLUMNS.join(","))
}

/// Lines of a file. What a spreadsheet would run as a formula gets an apostrophe in front.
pub fn lines(profiles: &[Profile]) -> String {
    let mut writer = WriterBuilder::new()
        .terminator(csv::Terminator::CRLF)
        .from_writer(Vec::new());
    for profile in profiles {
        let written = writer.write_record([
            &*spreadsheet::safe(&profile.name),
            &spreadsheet::safe(profile.email.as_deref().unwrap_or_default()),
            &spreadsheet::safe(profile.custom_id.as_deref().unwrap_or_default()),
            profile.status.as_str(),
        ]);
        written.expect("memory takes every line");
    }
    let bytes = writer.into_inner().expect("memory takes every line");
    String::from_utf8(bytes).expect("lines of texts are text")
}
