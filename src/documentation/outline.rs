//! The OpenAPI document as the page shows it: operations, each with its fields and answers, all
//! references followed.

use serde_json::Value;

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
    /// A body to begin with; `None` where it takes none.
    pub example: Option<String>,
    /// What it answers.
    pub answers: Vec<Answer>,
}

/// A field of a body.
pub struct Field {
    /// Its path, such as `customer.name` or `errors[].code`.
    pub name: String,
    /// Such as `text` or `list of texts`.
    pub kind: String,
    /// Whether it must be there.
    pub required: bool,
    /// What it means.
    pub description: Prose,
}

/// Words, and among them (`true`) what is code.
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
    pub example: String,
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
        let is_same = |other: &&Operation| this.example.is_some() && other.schema == this.schema;
        let same = above.iter().find(is_same);
        this.same_body_as = same.map(|other| (other.id.clone(), other.path.clone()));
    }
    operations
}

fn operation(document: &Value, path: &str, method: &str, operation: &Value) -> Operation {
    let body = operation.pointer("/requestBody/content/application~1json/schema");
    let answers = operation["responses"].as_object().into_iter().flatten();
    Operation {
        id: text(&operation["operationId"]),
        method: method.to_uppercase(),
        path: path.to_owned(),
        summary: text(&operation["summary"]),
        description: prose(&operation["description"]),
        schema: body.map(schema_name).unwrap_or_default(),
        same_body_as: None,
        fields: body.map_or_else(Vec::new, |schema| fields(document, schema)),
        example: body.map(|schema| pretty(&example(document, schema))),
        answers: answers
            .map(|(status, answer)| self::answer(document, status, answer))
            .collect(),
    }
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
        example: pretty(&with_status(example(document, schema), status)),
    }
}

/// An example says the status of the answer it stands beside.
fn with_status(mut example: Value, status: &str) -> Value {
    let number = status.parse::<u16>().ok();
    if let (Some(number), Some(own)) = (number, example.get_mut("status")) {
        *own = number.into();
    }
    example
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
        let own = &property["description"];
        all.push(Field {
            kind: kind(document, property),
            required: is_required(name),
            description: match own.is_null() {
                true => prose(&target["description"]),
                false => prose(own),
            },
            name: path.clone(),
        });
        match target.get("items") {
            Some(items) => collect(document, items, &format!("{path}[]."), all),
            None => collect(document, target, &format!("{path}."), all),
        }
    }
}

/// The type of a field in words.
fn kind(document: &Value, schema: &Value) -> String {
    let schema = resolved(document, schema);
    let (name, or_null) = match &schema["type"] {
        Value::Array(names) => (
            names.iter().find(|name| *name != "null"),
            names.iter().any(|name| name == "null"),
        ),
        name => (Some(name), false),
    };
    let word = match name.and_then(Value::as_str) {
        Some("string") => "text".to_owned(),
        Some("integer" | "number") => "number".to_owned(),
        Some("boolean") => "true or false".to_owned(),
        Some("array") => format!("list of {}s", kind(document, &schema["items"])),
        Some("object") => match schema.get("additionalProperties") {
            Some(Value::Object(_)) => "object of texts".to_owned(),
            _ => "object".to_owned(),
        },
        _ => String::new(),
    };
    match or_null {
        true => format!("{word} or null"),
        false => word,
    }
}

/// What a body of this schema looks like, put together from the examples of its fields.
fn example(document: &Value, schema: &Value) -> Value {
    if let Some(example) = schema.get("example") {
        return example.clone();
    }
    let schema = resolved(document, schema);
    if let Some(example) = schema.get("example") {
        return example.clone();
    }
    if let Some(items) = schema.get("items") {
        return Value::Array(vec![example(document, items)]);
    }
    match schema["properties"].as_object() {
        Some(properties) => properties
            .iter()
            .map(|(name, property)| (name.clone(), example(document, property)))
            .collect(),
        None => Value::from("…"),
    }
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
