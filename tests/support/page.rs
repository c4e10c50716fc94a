//! A page as a reader sees it: its words, without its tags.

/// The HTML of a page.
#[derive(Debug, Clone)]
pub struct Page(pub String);

/// A row of the requests' table, each cell in words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// The page of the request.
    pub url: String,
    /// The error column.
    pub error: String,
    /// The adjacent column.
    pub about: String,
    /// Employee and customer.
    pub people: String,
    /// Channel, brand and language.
    pub context: String,
    /// Environment and key.
    pub source: String,
    /// The ticket.
    pub ticket: String,
}

impl Page {
    /// The rows of the table, from the top.
    pub fn rows(&self) -> Vec<Row> {
        self.0
            .split("<tr data-open")
            .skip(1)
            .map(Row::read)
            .collect()
    }

    /// The ids of the requests in the table, from the top.
    pub fn ids(&self) -> Vec<String> {
        let id = |row: Row| {
            let path = row.url.split('?').next().unwrap();
            path.rsplit('/').next().unwrap().to_owned()
        };
        self.rows().into_iter().map(id).collect()
    }

    /// How many requests the legend counts at this error.
    #[track_caller]
    pub fn legend(&self, title: &str) -> String {
        let legend = between(&self.0, "class=\"legend", "</aside>").unwrap();
        let line = legend.split("<li").find(|line| words(line).contains(title));
        let line = line.unwrap_or_else(|| panic!("no {title} in the legend"));
        words(between(line, "class=\"count\">", "</span>").unwrap())
    }

    /// The counts of the two tabs.
    pub fn tabs(&self) -> (String, String) {
        let tabs = between(&self.0, "class=\"tabs\"", "</nav>").unwrap();
        let mut counts = tabs.split("<span>").skip(1);
        let mut count = || words(counts.next().unwrap().split("</span>").next().unwrap());
        (count(), count())
    }

    /// The address that a link with this text leads to.
    pub fn link(&self, text: &str) -> Option<String> {
        let links = self.0.split("<a ").skip(1);
        let links = links.filter_map(|rest| rest.split_once("</a>")?.0.split_once('>'));
        let mut links = links.filter(|(_, inner)| words(inner).contains(text));
        // A link that leads nowhere, such as Newer on the first page, has no address.
        links.find_map(|(tag, _)| between(tag, "href=\"", "\"").map(unescape))
    }

    /// All words of the page.
    pub fn words(&self) -> String {
        words(&self.0)
    }
}

impl Row {
    fn read(html: &str) -> Self {
        let html = html.split("</tr>").next().unwrap();
        let cell = |class: &str| {
            let start = format!("<td class=\"{class}");
            let cell = between(html, &start, "</td>").unwrap_or_default();
            words(cell.split_once('>').map_or("", |(_, inner)| inner))
        };
        Self {
            url: unescape(between(html, "href=\"", "\"").unwrap()),
            error: cell("error"),
            about: cell("about"),
            people: cell("people"),
            context: cell("context"),
            source: cell("source"),
            ticket: cell("ticket"),
        }
    }
}

fn between<'a>(text: &'a str, start: &str, end: &str) -> Option<&'a str> {
    let (_, rest) = text.split_once(start)?;
    Some(rest.split_once(end)?.0)
}

/// The text without tags; space as a browser folds it.
fn words(html: &str) -> String {
    let mut text = String::new();
    let mut rest = html;
    while let Some((before, tag)) = rest.split_once('<') {
        text += before;
        rest = tag.split_once('>').map_or("", |(_, after)| after);
    }
    text += rest;
    unescape(&text)
        .split_whitespace()
        .collect::<Vec<_>>()
        .join(" ")
}

fn unescape(text: &str) -> String {
    text.replace("&#38;", "&")
        .replace("&amp;", "&")
        .replace("&#60;", "<")
        .replace("&#62;", ">")
        .replace("&#34;", "\"")
        .replace("&#39;", "'")
}
