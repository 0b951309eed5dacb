//! Runs the built binary.

use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;

/// What a run left behind.
pub struct Ran {
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
}

/// Runs `etalon` with these words in a folder.
pub fn etalon_in(folder: &Path, words: &[&str]) -> Ran {
    let output = Command::new(env!("CARGO_BIN_EXE_etalon"))
        .args(words)
        .current_dir(folder)
        .env_remove("ETALON_STATE")
        .output()
        .expect("the binary was built for this test");
    ran(&output)
}

/// Turns a finished process into what tests look at.
pub fn ran(output: &Output) -> Ran {
    Ran {
        code: output.status.code().expect("the process was not killed"),
        stdout: String::from_utf8(output.stdout.clone()).expect("stdout is text"),
        stderr: String::from_utf8(output.stderr.clone()).expect("stderr is text"),
    }
}

impl Ran {
    /// Parses stdout as JSON Lines; `schema` has to be the first key of each.
    pub fn lines(&self) -> Vec<Value> {
        self.stdout
            .lines()
            .map(|line| {
                assert!(line.starts_with("{\"schema\":\"etalon."), "{line}");
                serde_json::from_str(line).unwrap_or_else(|e| panic!("{e}: {line}"))
            })
            .collect()
    }

    /// Parses the one object of stdout.
    pub fn object(&self) -> Value {
        let mut lines = self.lines();
        assert_eq!(lines.len(), 1, "{}{}", self.stdout, self.stderr);
        lines.remove(0)
    }

    /// Fails unless the run ended with this code.
    pub fn expect(self, code: i32) -> Self {
        assert_eq!(
            self.code, code,
            "stdout: {}\nstderr: {}",
            self.stdout, self.stderr
        );
        self
    }
}

/// Names of the files in a folder, sorted.
pub fn files(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

/// Splits a command as a POSIX shell does, for words and single quotes.
pub fn shell_words(line: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut quoted = false;
    let mut escaped = false;
    for c in line.chars() {
        match c {
            _ if escaped => {
                word.get_or_insert_default().push(c);
                escaped = false;
            }
            '\'' => {
                word.get_or_insert_default();
                quoted = !quoted;
            }
            '\\' if !quoted => escaped = true,
            ' ' if !quoted => words.extend(word.take()),
            _ => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    words
}

/// Checks a value against a JSON Schema: types, required keys, enums, constants, references,
/// unions and items. Keywords beyond these fail, so that nothing passes unchecked.
pub fn conforms(value: &Value, schema: &Value, root: &Value, path: &str) -> Result<(), String> {
    let keys = match schema {
        Value::Bool(true) => return Ok(()),
        Value::Bool(false) => return Err(format!("{path}: nothing is allowed here")),
        Value::Object(keys) => keys,
        _ => return Err(format!("{path}: a schema is an object or a boolean")),
    };
    for (key, rule) in keys {
        match key.as_str() {
            "$schema" | "$defs" | "title" | "description" | "default" | "format" => {}
            "$ref" => {
                let name = rule
                    .as_str()
                    .and_then(|r| r.strip_prefix("#/$defs/"))
                    .ok_or("odd reference")?;
                conforms(value, &root["$defs"][name], root, path)?;
            }
            "type" => check_type(value, rule, path)?,
            "const" if value != rule => return Err(format!("{path}: {value} is not {rule}")),
            "const" => {}
            "enum" => {
                let allowed = rule.as_array().ok_or("enum is a list")?;
                if !allowed.contains(value) {
                    return Err(format!("{path}: {value} is none of {rule}"));
                }
            }
            "uniqueItems" => {
                let items = value.as_array().ok_or("only lists have items")?;
                let twice = |at: usize| items[..at].contains(&items[at]);
                if rule == &Value::Bool(true) && (0..items.len()).any(twice) {
                    return Err(format!("{path}: an item is there twice"));
                }
            }
            "minimum" => {
                if value.as_f64().is_some_and(|v| v < rule.as_f64().unwrap()) {
                    return Err(format!("{path}: {value} is below {rule}"));
                }
            }
            "maximum" => {
                if value.as_f64().is_some_and(|v| v > rule.as_f64().unwrap()) {
                    return Err(format!("{path}: {value} is above {rule}"));
                }
            }
            "minItems" | "maxItems" => {
                let count = value.as_array().map(|items| items.len() as u64);
                let (count, limit) = (count.unwrap_or_default(), rule.as_u64().unwrap());
                let fits = match key.as_str() {
                    "minItems" => count >= limit,
                    _ => count <= limit,
                };
                if value.is_array() && !fits {
                    return Err(format!("{path}: {count} items against {key} {limit}"));
                }
            }
            "required" => {
                for name in rule.as_array().ok_or("required is a list")? {
                    if value.get(name.as_str().unwrap_or_default()).is_none() {
                        return Err(format!("{path}: {name} is missing"));
                    }
                }
            }
            "properties" => {
                let Value::Object(fields) = value else {
                    continue;
                };
                for (name, field) in fields {
                    if let Some(rule) = rule.get(name) {
                        conforms(field, rule, root, &format!("{path}/{name}"))?;
                    }
                }
            }
            "additionalProperties" => {
                let Value::Object(fields) = value else {
                    continue;
                };
                for (name, field) in fields {
                    if keys
                        .get("properties")
                        .is_none_or(|known| known.get(name).is_none())
                    {
                        conforms(field, rule, root, &format!("{path}/{name}"))?;
                    }
                }
            }
            "items" => {
                for (i, item) in value.as_array().into_iter().flatten().enumerate() {
                    conforms(item, rule, root, &format!("{path}/{i}"))?;
                }
            }
            "anyOf" | "oneOf" => {
                let arms = rule.as_array().ok_or("a union is a list")?;
                let failures: Vec<String> = arms
                    .iter()
                    .filter_map(|arm| conforms(value, arm, root, path).err())
                    .collect();
                if failures.len() == arms.len() {
                    return Err(failures.join(" and "));
                }
            }
            other => return Err(format!("{path}: this check does not know {other}")),
        }
    }
    Ok(())
}

fn check_type(value: &Value, rule: &Value, path: &str) -> Result<(), String> {
    let is = |name: &str| match name {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "boolean" => value.is_boolean(),
        "null" => value.is_null(),
        "integer" => value.is_u64() || value.is_i64(),
        "number" => value.is_number(),
        _ => false,
    };
    let fits = match rule {
        Value::String(name) => is(name),
        Value::Array(names) => names.iter().filter_map(Value::as_str).any(is),
        _ => false,
    };
    if fits {
        Ok(())
    } else {
        Err(format!("{path}: {value} is not of type {rule}"))
    }
}

/// Fails unless every object of a run conforms to the schema that the binary itself prints.
pub fn assert_conform(folder: &Path, objects: &[Value]) {
    for object in objects {
        let name = object["schema"].as_str().expect("schema is a string");
        let printed = etalon_in(folder, &["schema", name, "--json"])
            .expect(0)
            .stdout;
        let schema: Value = serde_json::from_str(&printed).unwrap();
        if let Err(why) = conforms(object, &schema, &schema, name) {
            panic!("{why}\n{object}");
        }
    }
}
