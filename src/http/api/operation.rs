//! How one operation is described: what it takes, what it answers, how it refuses.

use serde_json::{Map, Value, json};

pub const JSON: &str = "application/json";
pub const GEOJSON: &str = "application/geo+json";
pub const HTML: &str = "text/html";
pub const TEXT: &str = "text/plain";

/// The paths of the document, in the order in which they were added.
#[derive(Default)]
pub struct Paths(pub Map<String, Value>);

impl Paths {
    /// Adds an operation to a path.
    pub fn add(&mut self, method: &str, path: &str, operation: Operation) {
        self.0.entry(path).or_insert_with(|| json!({}))[method] = operation.0;
    }

    /// Adds what is read at a path.
    pub fn get(&mut self, path: &str, operation: Operation) {
        self.add("get", path, operation);
    }
}

/// An operation.
pub struct Operation(Value);

impl Operation {
    /// One that takes nothing yet; any may be refused with 400 or fail.
    pub fn new(tag: &str, id: &str, summary: &str) -> Self {
        let operation = json!({
            "tags": [tag], "operationId": id, "summary": summary, "parameters": [],
            "responses": {},
        });
        Self(operation).refuses(&[400])
    }

    /// Adds parameters.
    pub fn takes(mut self, parameters: impl IntoIterator<Item = Value>) -> Self {
        if let Some(list) = self.0["parameters"].as_array_mut() {
            list.extend(parameters);
        }
        self
    }

    /// A body, of one schema in these media types.
    pub fn body(mut self, media: &[&str], schema: &Value) -> Self {
        let content: Map<String, Value> =
            media.iter().map(|media| (media.to_string(), json!({ "schema": schema }))).collect();
        self.0["requestBody"] = json!({ "required": true, "content": content });
        self
    }

    /// An answer in JSON.
    pub fn json(self, schema: Value) -> Self {
        self.answers(200, "as asked", &[(JSON, schema)], &[])
    }

    /// An answer in JSON, or as a page for people.
    pub fn both(self, schema: Value) -> Self {
        let page = json!({ "type": "string" });
        self.answers(200, "as asked", &[(JSON, schema), (HTML, page)], &[])
    }

    /// An answer in each of some media types, with headers of [`super::components`].
    pub fn answers(
        mut self,
        status: u16,
        description: &str,
        content: &[(&str, Value)],
        headers: &[&str],
    ) -> Self {
        let mut answer = json!({ "description": description });
        for (media, schema) in content {
            answer["content"][media] = json!({ "schema": schema });
        }
        for header in headers {
            answer["headers"][header] = reference("headers", header);
        }
        self.0["responses"][status.to_string()] = answer;
        self
    }

    /// Statuses of refusals, each a problem.
    pub fn refuses(mut self, statuses: &[u16]) -> Self {
        for status in statuses {
            let status = status.to_string();
            self.0["responses"][&status] = reference("responses", &status);
        }
        self.0["responses"]["5XX"] = reference("responses", "5XX");
        self
    }
}

/// A reference to a component.
pub fn reference(kind: &str, name: &str) -> Value {
    json!({ "$ref": format!("#/components/{kind}/{name}") })
}

/// A schema of the components.
pub fn schema(name: &str) -> Value {
    reference("schemas", name)
}

/// A parameter of the components.
pub fn parameter(name: &str) -> Value {
    reference("parameters", name)
}

/// A parameter of the query.
pub fn query(name: &str, description: &str, schema: Value) -> Value {
    json!({
        "name": name, "in": "query", "description": description, "required": false,
        "style": "form", "explode": false, "schema": schema,
    })
}

/// A parameter of the query without which there is no answer.
pub fn wanted(name: &str, description: &str, schema: Value) -> Value {
    let mut parameter = query(name, description, schema);
    parameter["required"] = true.into();
    parameter
}

/// A part of the path.
pub fn part(name: &str, schema: Value) -> Value {
    json!({ "name": name, "in": "path", "required": true, "schema": schema })
}

/// `f` with the formats that are served.
pub fn formats(names: &[&str]) -> Value {
    query(
        "f",
        "format of the answer; else Accept decides",
        json!({ "type": "string", "enum": names }),
    )
}

/// A whole number of 64 bits, of at least `least`.
pub fn whole(least: i64) -> Value {
    json!({ "type": "integer", "format": "int64", "minimum": least })
}

/// A text that a request may hold: U+0000 is refused, as are bytes that are not UTF-8, read as U+FFFD.
pub fn text() -> Value {
    json!({ "type": "string", "pattern": r"^[^\u0000\uFFFD]*$" })
}

/// An object with these members, all of them there.
pub fn object(properties: Value) -> Value {
    let names: Vec<&String> = properties.as_object().into_iter().flat_map(Map::keys).collect();
    json!({ "type": "object", "required": names, "properties": properties })
}

/// A list.
pub fn list(items: Value) -> Value {
    json!({ "type": "array", "items": items })
}

/// The schema, or null.
pub fn nullable(mut schema: Value) -> Value {
    schema["nullable"] = true.into();
    schema
}
