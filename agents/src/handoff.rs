//! Formatted handoffs: one agent gives work to another in three fields.
//!
//! `{ "greeting": ..., "query": ..., "parameters": { ... } }`, nothing missing, nothing more, and
//! the parameters that the callee asks for. Anything else goes back to the sender with the
//! reason, because a callee that starts with half a request is how chains of agents stop early.
//! A chain has a limit of hops, so that two agents cannot hand a task to and fro for ever.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// A handoff that was accepted.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Handoff {
    /// Who speaks to whom, in words.
    pub greeting: String,
    /// What is to be done.
    pub query: String,
    /// With what.
    pub parameters: Map<String, Value>,
}

/// What a parameter is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// A text that is not blank.
    Text,
    /// A number.
    Number,
    /// A list that is not empty.
    List,
    /// An object that is not empty.
    Object,
}

/// Why a handoff was returned.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Reason {
    /// It is not a JSON object.
    #[error("expected an object of greeting, query and parameters, found {found}")]
    NotAnObject {
        /// What came instead.
        found: String,
    },
    /// A field or parameter is not there.
    #[error("expected {field}, found nothing")]
    Missing {
        /// Which.
        field: String,
    },
    /// A field or parameter is there and says nothing, or is of the wrong shape.
    #[error("{field}: expected {expected}, found {found}")]
    Wrong {
        /// Which.
        field: String,
        /// What was expected.
        expected: String,
        /// What was found.
        found: String,
    },
    /// A field or parameter that the callee does not know.
    #[error("{field}: expected nothing, found something")]
    Unexpected {
        /// Which.
        field: String,
    },
    /// Nobody of that name.
    #[error("expected one of {expected}, found {found:?}")]
    UnknownCallee {
        /// Who there is.
        expected: String,
        /// Who was asked for.
        found: String,
    },
    /// The chain is too long.
    #[error("expected at most {limit} handoffs, found one more")]
    TooManyHops {
        /// How many are allowed.
        limit: usize,
    },
}

/// A handoff that goes back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Returned {
    /// The sender.
    pub to: String,
    /// Why.
    pub reason: Reason,
}

/// Where handoffs pass through: knows who takes which parameters, and counts.
#[derive(Clone, Debug)]
pub struct Desk {
    callees: BTreeMap<String, BTreeMap<String, Shape>>,
    limit: usize,
    hops: usize,
}

impl Desk {
    /// Makes a desk that lets `limit` handoffs through.
    pub fn new(limit: usize) -> Self {
        Self {
            callees: BTreeMap::new(),
            limit,
            hops: 0,
        }
    }

    /// Adds an agent with the parameters that it asks for; all of them are required.
    pub fn add(&mut self, agent: &str, parameters: &[(&str, Shape)]) {
        let parameters = parameters
            .iter()
            .map(|(name, shape)| ((*name).to_owned(), *shape));
        self.callees.insert(agent.to_owned(), parameters.collect());
    }

    /// Passes a handoff on, or returns it.
    ///
    /// # Errors
    /// [`Returned`], addressed to `from`. A returned handoff counts as a hop too: a sender that
    /// never learns must not go on for ever either.
    pub fn pass(&mut self, from: &str, to: &str, text: &str) -> Result<Handoff, Returned> {
        self.hops += 1;
        let checked = if self.hops > self.limit {
            Err(Reason::TooManyHops { limit: self.limit })
        } else {
            self.check(to, text)
        };
        checked.map_err(|reason| Returned {
            to: from.to_owned(),
            reason,
        })
    }

    fn check(&self, to: &str, text: &str) -> Result<Handoff, Reason> {
        let asked = self.callees.get(to).ok_or_else(|| Reason::UnknownCallee {
            expected: self.callees.keys().cloned().collect::<Vec<_>>().join(", "),
            found: to.to_owned(),
        })?;
        let Ok(Value::Object(mut fields)) = serde_json::from_str(text) else {
            let found = text.chars().take(40).collect();
            return Err(Reason::NotAnObject { found });
        };
        let mut take = |field: &str| {
            fields.remove(field).ok_or_else(|| Reason::Missing {
                field: field.to_owned(),
            })
        };
        let (greeting, query, parameters) =
            (take("greeting")?, take("query")?, take("parameters")?);
        if let Some(field) = fields.keys().next() {
            return Err(Reason::Unexpected {
                field: field.clone(),
            });
        }
        let Value::Object(parameters) = parameters else {
            return Err(wrong("parameters", "an object", &parameters));
        };
        for (name, shape) in asked {
            let field = format!("parameters.{name}");
            let value = parameters.get(name).ok_or(Reason::Missing {
                field: field.clone(),
            })?;
            check_shape(&field, *shape, value)?;
        }
        if let Some(name) = parameters.keys().find(|name| !asked.contains_key(*name)) {
            return Err(Reason::Unexpected {
                field: format!("parameters.{name}"),
            });
        }
        Ok(Handoff {
            greeting: words("greeting", greeting)?,
            query: words("query", query)?,
            parameters,
        })
    }
}

fn words(field: &str, value: Value) -> Result<String, Reason> {
    match value {
        Value::String(text) if !text.trim().is_empty() => Ok(text),
        other => Err(wrong(field, "a text that is not blank", &other)),
    }
}

fn check_shape(field: &str, shape: Shape, value: &Value) -> Result<(), Reason> {
    let (fits, expected) = match (shape, value) {
        (Shape::Text, Value::String(text)) => (!text.trim().is_empty(), "a text that is not blank"),
        (Shape::Text, _) => (false, "a text"),
        (Shape::Number, value) => (value.is_number(), "a number"),
        (Shape::List, Value::Array(items)) => (!items.is_empty(), "a list that is not empty"),
        (Shape::List, _) => (false, "a list"),
        (Shape::Object, Value::Object(fields)) => {
            (!fields.is_empty(), "an object that is not empty")
        }
        (Shape::Object, _) => (false, "an object"),
    };
    if fits {
        Ok(())
    } else {
        Err(wrong(field, expected, value))
    }
}

fn wrong(field: &str, expected: &str, found: &Value) -> Reason {
    let found = found.to_string().chars().take(40).collect();
    Reason::Wrong {
        field: field.to_owned(),
        expected: expected.to_owned(),
        found,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn desk() -> Desk {
        let mut desk = Desk::new(3);
        desk.add(
            "network-agent",
            &[("incident", Shape::Text), ("services", Shape::List)],
        );
        desk
    }

    fn right() -> Value {
        json!({
            "greeting": "planner to network-agent",
            "query": "go around the link",
            "parameters": { "incident": "alarm-1", "services": ["svc-01"] },
        })
    }

    /// Expects a handoff to come back to the planner for `field`.
    fn check(text: &str, field: &str) {
        let returned = desk().pass("planner", "network-agent", text).unwrap_err();
        assert_eq!(returned.to, "planner");
        assert!(
            returned.reason.to_string().contains(field),
            "{text}: {}",
            returned.reason
        );
    }

    #[test]
    fn a_complete_handoff_is_passed_on_typed() {
        let passed = desk()
            .pass("planner", "network-agent", &right().to_string())
            .unwrap();
        assert_eq!(passed.query, "go around the link");
        assert_eq!(passed.parameters["services"], json!(["svc-01"]));
    }

    #[test]
    fn what_is_missing_empty_or_too_much_is_named() {
        check("please reroute svc-01", "expected an object");
        check("", "expected an object");
        check("[]", "expected an object");
        for (pointer, name) in [("", "greeting"), ("", "query"), ("", "parameters")] {
            let mut text = right();
            text.pointer_mut(pointer)
                .unwrap()
                .as_object_mut()
                .unwrap()
                .remove(name);
            check(&text.to_string(), name);
        }
        for (pointer, value, named) in [
            ("/greeting", json!(" "), "greeting"),
            ("/query", json!(7), "query"),
            ("/parameters", json!({}), "parameters.incident"),
            ("/parameters", json!("svc-01"), "parameters"),
            ("/parameters/incident", json!(""), "parameters.incident"),
            ("/parameters/services", json!([]), "parameters.services"),
            (
                "/parameters/services",
                json!("svc-01"),
                "parameters.services",
            ),
        ] {
            let mut text = right();
            *text.pointer_mut(pointer).unwrap() = value;
            check(&text.to_string(), named);
        }
        let mut leaking = right();
        leaking["transcript"] = json!("everything I ever said");
        check(&leaking.to_string(), "transcript");
        let mut invented = right();
        invented["parameters"]["force"] = json!(true);
        check(&invented.to_string(), "parameters.force");
    }

    #[test]
    fn an_unknown_callee_and_an_endless_chain_come_back() {
        let mut desk = desk();
        let text = right().to_string();
        let returned = desk.pass("planner", "oracle", &text).unwrap_err();
        assert!(matches!(returned.reason, Reason::UnknownCallee { .. }));
        desk.pass("planner", "network-agent", &text).unwrap();
        desk.pass("planner", "network-agent", &text).unwrap();
        let returned = desk.pass("planner", "network-agent", &text).unwrap_err();
        assert_eq!(returned.reason, Reason::TooManyHops { limit: 3 });
    }

    proptest! {
        #[test]
        fn prop_no_text_panics_the_desk_and_none_passes_by_chance(text in ".{0,200}") {
            prop_assert!(desk().pass("a", "network-agent", &text).is_err());
        }
    }
}
