//! The OpenAPI document as the page shows it: operations, each with its fields and answers, all
//! references followed.

use serde_json::Value;

use crate::web::format::number;

/// The verbs of an endpoint, in the order in which they are listed.
const METHODS: [&str; 2] = ["post", "get"];

/// An endpoint.
pub struct Operation {
    /// Its name, where the page can be linked to.
    pub id: String,
    /// Such as `POST`.
    pub method: String,
    /// Its path.
    pub path: String,
    /// What it is for, in a few words.
    pub summary: String,
    /// What it does.
    pub description: Prose,
    /// The schema of its body by name; empty where it takes no body.
    schema: String,
    /// Name and path of an endpoint above that takes the same body.
    pub same_body_as: Option<(String, String)>,
    /// The fields of its body; none where it takes no body.
    pub fields: Vec<Field>,
    /// Bodies to begin with, each with its answer; none where it takes no body.
    pub calls: Vec<Call>,
    /// What it answers.
    pub answers: Vec<Answer>,
}

/// A body and its answer.
pub struct Call {
    /// What is to be seen.
    pub summary: String,
    /// The body.
    pub body: String,
    /// The status of the answer.
    pub status: String,
    /// The body of the answer.
    pub answer: String,
}

/// What an answer looks like.
pub struct Example {
    /// The name that it shares with the body that it answers, if that is in the document.
    name: String,
    /// What is to be seen.
    pub summary: String,
    /// The body of the answer.
    pub body: String,
}

/// A field of a body.
#[derive(Clone)]
pub struct Field {
    /// Its path, such as `customer.name` or `errors[].code`.
    pub name: String,
    /// Such as `text, at most 255 characters`.
    pub kind: String,
    /// Whether it must be there.
    pub required: bool,
    /// What it means.
    pub description: Prose,
}

/// Words, and among them (`true`) what is code.
#[derive(Clone)]
pub struct Prose(pub Vec<(String, bool)>);

impl Prose {
    /// Reads words with code between backticks; lines of a comment are folded into one.
    fn new(text: &str) -> Self {
        let words = text.split_whitespace().collect::<Vec<_>>().join(" ");
        let pieces = words.split('`').enumerate();
        let pieces = pieces.map(|(place, piece)| (piece.to_owned(), place % 2 == 1));
        Self(pieces.filter(|(piece, _)| !piece.is_empty()).collect())
    }
}

/// An answer.
pub struct Answer {
    /// Its status.
    pub status: String,
    /// What it means.
    pub description: Prose,
    /// Its content type; empty where it has no body.
    pub content_type: String,
    /// Its headers with what they mean.
    pub headers: Vec<(String, String)>,
    /// The schema of its body by name, such as `RequestProblem`.
    pub schema: String,
    /// The fields of its body.
    pub fields: Vec<Field>,
    /// What it looks like.
    pub examples: Vec<Example>,
}

/// Every endpoint of a document.
pub fn operations(document: &Value) -> Vec<Operation> {
    let paths = document["paths"].as_object().into_iter().flatten();
    let operations = paths.flat_map(|(path, item)| {
        METHODS
            .iter()
            .filter_map(move |method| Some((path, method, item.get(*method)?)))
    });
    let mut operations: Vec<Operation> = operations
        .map(|(path, method, operation)| self::operation(document, path, method, operation))
        .collect();
    // What only reads comes last.
    operations.sort_by_key(|operation| operation.method == "GET");
    for place in 1..operations.len() {
        let (above, rest) = operations.split_at_mut(place);
        let this = &mut rest[0];
        let is_same = |other: &&Operation| !this.fields.is_empty() && other.schema == this.schema;
        let same = above.iter().find(is_same);
        this.same_body_as = same.map(|other| (other.id.clone(), other.path.clone()));
    }
    operations
}

fn operation(document: &Value, path: &str, method: &str, operation: &Value) -> Operation {
    let media = operation.pointer("/requestBody/content/application~1json");
    let body = media.map(|media| &media["schema"]);
    let answers = operation["responses"].as_object().into_iter().flatten();
    let answers: Vec<Answer> = answers
        .map(|(status, answer)| self::answer(document, status, answer))
        .collect();
    Operation {
        id: text(&operation["operationId"]),
        method: method.to_uppercase(),
        path: path.to_owned(),
        summary: text(&operation["summary"]),
        description: prose(&operation["description"]),
        schema: body.map(schema_name).unwrap_or_default(),
        same_body_as: None,
        fields: body.map_or_else(Vec::new, |schema| fields(document, schema)),
        calls: media.map_or_else(Vec::new, |media| calls(media, &answers)),
        answers,
    }
}

/// The bodies of a request, each with the answer of its name.
fn calls(media: &Value, answers: &[Answer]) -> Vec<Call> {
    let call = |body: Example| {
        let mut answers = answers.iter().flat_map(|answer| {
            let examples = answer.examples.iter();
            examples.map(|example| (&answer.status, example))
        });
        let (status, answer) = answers.find(|(_, answer)| answer.name == body.name)?;
        Some(Call {
            summary: body.summary,
            body: body.body,
            status: status.clone(),
            answer: answer.body.clone(),
        })
    };
    examples(media).into_iter().filter_map(call).collect()
}

fn examples(media: &Value) -> Vec<Example> {
    let examples = media["examples"].as_object().into_iter().flatten();
    examples
        .map(|(name, example)| Example {
            name: name.clone(),
            summary: text(&example["summary"]),
            body: pretty(&example["value"]),
        })
        .collect()
}

fn answer(document: &Value, status: &str, answer: &Value) -> Answer {
    let content = answer["content"].as_object();
    let (content_type, media) = content
        .and_then(|content| content.iter().next())
        .map_or(("", &Value::Null), |(name, media)| (name.as_str(), media));
    let schema = &media["schema"];
    let headers = answer["headers"].as_object().into_iter().flatten();
    Answer {
        status: status.to_owned(),
        description: prose(&answer["description"]),
        content_type: content_type.to_owned(),
        headers: headers
            .map(|(name, header)| (name.clone(), text(&header["description"])))
            .collect(),
        schema: schema_name(schema),
        fields: fields(document, schema),
        examples: examples(media),
    }
}

/// All fields below a schema, those of objects in it by their path.
fn fields(document: &Value, schema: &Value) -> Vec<Field> {
    let mut all = Vec::new();
    collect(document, schema, "", &mut all);
    all
}

fn collect(document: &Value, schema: &Value, above: &str, all: &mut Vec<Field>) {
    let schema = resolved(document, schema);
    if let Some(items) = schema.get("items") {
        let above = if above.is_empty() { "[]." } else { above };
        return collect(document, items, above, all);
    }
    let required = schema["required"].as_array();
    let is_required = |name: &str| required.is_some_and(|all| all.iter().any(|r| r == name));
    for (name, property) in schema["properties"].as_object().into_iter().flatten() {
        let target = resolved(document, property);
        let path = format!("{above}{name}");
        // A reference that may be null has its own words one level down.
        let own = match property["oneOf"].as_array() {
            Some(either) => either
                .iter()
                .map(|one| &one["description"])
                .find(|d| d.is_string()),
            None => Some(&property["description"]),
        };
        let own = own.filter(|own| own.is_string());
        all.push(Field {
            kind: kind(document, property),
            required: is_required(name),
            description: prose(own.unwrap_or(&target["description"])),
            name: path.clone(),
        });
        match target.get("items") {
            Some(items) => collect(document, items, &format!("{path}[]."), all),
            None => collect(document, target, &format!("{path}."), all),
        }
    }
}

/// The type of a field and its bounds in words.
fn kind(document: &Value, schema: &Value) -> String {
    let is_null = |one: &Value| one == "null" || one["type"] == "null";
    let either = schema["oneOf"].as_array().or(schema["type"].as_array());
    let or_null = match either.is_some_and(|either| either.iter().any(is_null)) {
        true => " or null",
        false => "",
    };
    let schema = resolved(document, schema);
    let of = match (&schema["items"], &schema["additionalProperties"]) {
        (Value::Null, values) => resolved(document, values),
        (items, _) => resolved(document, items),
    };
    let each = bounds(of).map(|bounds| format!("; each {bounds}"));
    let bounds = bounds(schema).map(|bounds| format!(", {bounds}"));
    format!(
        "{}{or_null}{}{}",
        word(schema, of),
        bounds.unwrap_or_default(),
        each.unwrap_or_default()
    )
}

/// Such as `text`, or `list of texts` where `of` says what is in it.
fn word(schema: &Value, of: &Value) -> String {
    if let Some(words) = schema["enum"].as_array() {
        let words: Vec<&str> = words.iter().filter_map(Value::as_str).collect();
        return match words.len() {
            ..=3 => words.join(" or "),
            count => format!("one of {count} words"),
        };
    }
    let name = match &schema["type"] {
        Value::Array(names) => names.iter().find(|name| *name != "null"),
        name => Some(name),
    };
    let format = schema["format"].as_str();
    match (name.and_then(Value::as_str), format) {
        (Some("string"), Some("uuid")) => "UUID".to_owned(),
        (Some("string"), Some("idn-email")) => "e-mail".to_owned(),
        (Some("string"), Some("uri")) => "URL".to_owned(),
        (Some("string"), Some("uri-reference")) => "path".to_owned(),
        (Some("string"), Some("json-pointer")) => "JSON pointer".to_owned(),
        (Some("string"), _) => "text".to_owned(),
        (Some("integer" | "number"), _) => "number".to_owned(),
        (Some("boolean"), _) => "true or false".to_owned(),
        (Some("array"), _) => format!("list of {}s", word(of, &Value::Null)),
        (Some("object"), _) if of.is_object() => "object of texts".to_owned(),
        (Some("object"), _) => "object".to_owned(),
        _ => String::new(),
    }
}

/// Such as `1 to 255 characters`.
fn bounds(schema: &Value) -> Option<String> {
    let characters = ("minLength", "maxLength", " characters");
    let items = ("minItems", "maxItems", "");
    [characters, items]
        .into_iter()
        .find_map(|(least, most, unit)| {
            let most = number(schema[most].as_i64()?);
            Some(match schema[least].as_i64() {
                Some(least) => format!("{least} to {most}{unit}"),
                None => format!("at most {most}{unit}"),
            })
        })
}

/// The schema that a reference leads to; of several the one that is not null.
fn resolved<'d>(document: &'d Value, schema: &'d Value) -> &'d Value {
    let several = schema["oneOf"].as_array().or(schema["allOf"].as_array());
    if let Some(one) = several.and_then(|all| all.iter().find(|one| one["type"] != "null")) {
        return resolved(document, one);
    }
    match schema["$ref"].as_str() {
        Some(reference) => document
            .pointer(reference.trim_start_matches('#'))
            .unwrap_or(schema),
        None => schema,
    }
}

/// Such as `RequestProblem`.
fn schema_name(schema: &Value) -> String {
    let path = schema["$ref"].as_str().unwrap_or_default();
    path.rsplit('/').next().unwrap_or_default().to_owned()
}

fn prose(value: &Value) -> Prose {
    Prose::new(value.as_str().unwrap_or_default())
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn pretty(value: &Value) -> String {
    serde_json::to_string_pretty(value).unwrap_or_default()
}
