//! Channels, brands and languages as the settings pages read and change them.

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool, Text};
use serde_json::json;

use super::change::{Edit, Made};
use super::schema::{brands, channels, languages};
use crate::domain::company::CompanyId;
use crate::domain::label;

/// Which of the three.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LabelKind {
    /// A way in which customers are served.
    Channel,
    /// A brand under which customers know the company.
    Brand,
    /// A language in which customers are asked.
    Language,
}

impl LabelKind {
    /// All, in the order of the page.
    pub const ALL: [Self; 3] = [Self::Channel, Self::Brand, Self::Language];

    /// The word in the audit log, and in the middle of a sentence.
    pub fn noun(self) -> &'static str {
        match self {
            Self::Channel => "channel",
            Self::Brand => "brand",
            Self::Language => "language",
        }
    }

    /// The heading of its column.
    pub fn title(self) -> &'static str {
        match self {
            Self::Channel => "Channel",
            Self::Brand => "Brand",
            Self::Language => "Language",
        }
    }

    /// The word in addresses.
    pub fn plural(self) -> &'static str {
        match self {
            Self::Channel => "channels",
            Self::Brand => "brands",
            Self::Language => "languages",
        }
    }

    /// Reads the word in an address.
    pub fn from_plural(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.plural() == text)
    }

    /// The number in the store.
    pub fn number(self) -> i16 {
        match self {
            Self::Channel => 1,
            Self::Brand => 2,
            Self::Language => 3,
        }
    }

    /// Reads the number in the store back.
    pub fn from_number(number: i16) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.number() == number)
    }

    /// The columns as of a [`LabelRow`]; only channels are integrated, and a language is its tag.
    fn columns(self) -> &'static str {
        match self {
            Self::Channel => "id, label, folded, name, enabled AS active, integrated",
            Self::Brand => "id, label, folded, name, active, true AS integrated",
            Self::Language => "id, tag AS label, folded, tag AS name, active, true AS integrated",
        }
    }

    fn switch(self) -> &'static str {
        match self {
            Self::Channel => "enabled",
            Self::Brand | Self::Language => "active",
        }
    }

    fn action(self, done: Done) -> &'static str {
        match (self, done) {
            (Self::Channel, Done::Made) => "channel.created",
            (Self::Channel, Done::Named) => "channel.renamed",
            (Self::Channel, Done::On) => "channel.enabled",
            (Self::Channel, Done::Off) => "channel.disabled",
            (Self::Brand, Done::Made) => "brand.created",
            (Self::Brand, Done::Named) => "brand.renamed",
            (Self::Brand, Done::On) => "brand.activated",
            (Self::Brand, Done::Off) => "brand.deactivated",
            (Self::Language, Done::Made) => "language.created",
            (Self::Language, Done::Named) => "language.renamed",
            (Self::Language, Done::On) => "language.activated",
            (Self::Language, Done::Off) => "language.deactivated",
        }
    }
}

#[derive(Clone, Copy)]
enum Done {
    Made,
    Named,
    On,
    Off,
}

/// A channel, brand or language.
#[derive(Debug, Clone, QueryableByName)]
pub struct LabelRow {
    /// The row.
    #[diesel(sql_type = BigInt)]
    pub id: i64,
    /// What requests name.
    #[diesel(sql_type = Text)]
    pub label: String,
    /// The form in which it is compared.
    #[diesel(sql_type = Text)]
    pub folded: String,
    /// As shown to people.
    #[diesel(sql_type = Text)]
    pub name: String,
    /// Whether requests may name it.
    #[diesel(sql_type = Bool)]
    pub active: bool,
    /// Whether a channel takes production requests.
    #[diesel(sql_type = Bool)]
    pub integrated: bool,
}

/// One to be made.
#[derive(Debug, Clone)]
pub struct NewRow {
    /// What requests will name.
    pub label: String,
    /// As shown to people.
    pub name: String,
    /// Whether a channel takes production requests at once.
    pub integrated: bool,
}

/// Why nothing was changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LabelProblem {
    /// This one has the label already.
    Taken(String),
    /// It is not there.
    Gone,
}

/// All of a kind, in the order in which they were made.
pub fn all(
    connection: &mut PgConnection,
    company: CompanyId,
    kind: LabelKind,
) -> QueryResult<Vec<LabelRow>> {
    diesel::sql_query(format!(
        "SELECT {} FROM {} WHERE company_id = $1 ORDER BY id",
        kind.columns(),
        kind.plural()
    ))
    .bind::<BigInt, _>(company.0)
    .load(connection)
}

/// The one that `sent` means. Anything may be asked for: no label has a NUL, which Postgres takes in
/// no text.
pub fn find(
    connection: &mut PgConnection,
    company: CompanyId,
    kind: LabelKind,
    sent: &str,
) -> QueryResult<Option<LabelRow>> {
    if sent.contains('\0') {
        return Ok(None);
    }
    diesel::sql_query(format!(
        "SELECT {} FROM {} WHERE company_id = $1 AND folded = $2",
        kind.columns(),
        kind.plural()
    ))
    .bind::<BigInt, _>(company.0)
    .bind::<Text, _>(label::fold(sent).as_ref())
    .get_result(connection)
    .optional()
}

/// Makes one, switched on.
pub fn create(
    connection: &mut PgConnection,
    company: CompanyId,
    kind: LabelKind,
    new: &NewRow,
) -> Made<LabelProblem> {
    if let Some(other) = find(connection, company, kind, &new.label)? {
        // A form that is sent twice finds what it asks for.
        let is_asked_for = other.active
            && (&other.label, &other.name) == (&new.label, &new.name)
            && (kind != LabelKind::Channel || other.integrated == new.integrated);
        return Ok(match is_asked_for {
            true => Ok(None),
            false => Err(LabelProblem::Taken(other.label)),
        });
    }
    insert(connection, company, kind, new)?;
    let Some(row) = find(connection, company, kind, &new.label)? else {
        return Ok(Err(LabelProblem::Gone));
    };
    let after = match kind {
        LabelKind::Channel => {
            json!({"name": row.name, "enabled": true, "integrated": row.integrated})
        }
        LabelKind::Brand => json!({"name": row.name, "active": true}),
        LabelKind::Language => json!({"active": true}),
    };
    Ok(Ok(Some(Edit {
        action: kind.action(Done::Made),
        subject: row.label,
        id: row.id,
        before: None,
        after: Some(after),
    })))
}

fn insert(
    connection: &mut PgConnection,
    company: CompanyId,
    kind: LabelKind,
    new: &NewRow,
) -> QueryResult<usize> {
    let folded = label::fold(&new.label);
    match kind {
        LabelKind::Channel => diesel::insert_into(channels::table)
            .values((
                channels::company_id.eq(company.0),
                channels::label.eq(&new.label),
                channels::folded.eq(folded),
                channels::name.eq(&new.name),
                channels::enabled.eq(true),
                channels::integrated.eq(new.integrated),
            ))
            .execute(connection),
        LabelKind::Brand => diesel::insert_into(brands::table)
            .values((
                brands::company_id.eq(company.0),
                brands::label.eq(&new.label),
                brands::folded.eq(folded),
                brands::name.eq(&new.name),
                brands::active.eq(true),
            ))
            .execute(connection),
        LabelKind::Language => diesel::insert_into(languages::table)
            .values((
                languages::company_id.eq(company.0),
                languages::tag.eq(&new.label),
                languages::folded.eq(folded),
                languages::active.eq(true),
            ))
            .execute(connection),
    }
}

/// Gives a channel or brand another name.
pub fn rename(
    connection: &mut PgConnection,
    company: CompanyId,
    kind: LabelKind,
    id: i64,
    name: &str,
) -> Made<LabelProblem> {
    let Some(row) = by_id(connection, company, kind, id)? else {
        return Ok(Err(LabelProblem::Gone));
    };
    if row.name == name || kind == LabelKind::Language {
        return Ok(Ok(None));
    }
    diesel::sql_query(format!(
        "UPDATE {} SET name = $3 WHERE company_id = $1 AND id = $2",
        kind.plural()
    ))
    .bind::<BigInt, _>(company.0)
    .bind::<BigInt, _>(id)
    .bind::<Text, _>(name)
    .execute(connection)?;
    Ok(Ok(Some(Edit {
        action: kind.action(Done::Named),
        subject: row.label,
        id,
        before: Some(json!({"name": row.name})),
        after: Some(json!({"name": name})),
    })))
}

/// Switches one on or off.
pub fn switch(
    connection: &mut PgConnection,
    company: CompanyId,
    kind: LabelKind,
    id: i64,
    on: bool,
) -> Made<LabelProblem> {
    let action = kind.action(if on { Done::On } else { Done::Off });
    set(connection, company, kind, id, kind.switch(), on, action)
}

/// Switches a channel from manual to integrated or back.
pub fn integrate(
    connection: &mut PgConnection,
    company: CompanyId,
    id: i64,
    on: bool,
) -> Made<LabelProblem> {
    let action = match on {
        true => "channel.integrated",
        false => "channel.put_in_manual_mode",
    };
    let kind = LabelKind::Channel;
    set(connection, company, kind, id, "integrated", on, action)
}

fn set(
    connection: &mut PgConnection,
    company: CompanyId,
    kind: LabelKind,
    id: i64,
    column: &'static str,
    on: bool,
    action: &'static str,
) -> Made<LabelProblem> {
    let Some(row) = by_id(connection, company, kind, id)? else {
        return Ok(Err(LabelProblem::Gone));
    };
    let changed = diesel::sql_query(format!(
        "UPDATE {} SET {column} = $3 WHERE company_id = $1 AND id = $2 AND {column} <> $3",
        kind.plural()
    ))
    .bind::<BigInt, _>(company.0)
    .bind::<BigInt, _>(id)
    .bind::<Bool, _>(on)
    .execute(connection)?;
    Ok(Ok((changed > 0).then(|| Edit {
        action,
        subject: row.label,
        id,
        before: Some(json!({column: !on})),
        after: Some(json!({column: on})),
    })))
}

fn by_id(
    connection: &mut PgConnection,
    company: CompanyId,
    kind: LabelKind,
    id: i64,
) -> QueryResult<Option<LabelRow>> {
    diesel::sql_query(format!(
        "SELECT {} FROM {} WHERE company_id = $1 AND id = $2",
        kind.columns(),
        kind.plural()
    ))
    .bind::<BigInt, _>(company.0)
    .bind::<BigInt, _>(id)
    .get_result(connection)
    .optional()
}
