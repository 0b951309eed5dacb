//! The guard between an agent and the tools: declarations, a limit, and the transcript.
//!
//! A tool that acts is run only after a declaration that names the same agent, goal, tool and
//! arguments as the call that follows it, and one declaration opens one call. Tools that only
//! read need none. Everything is written down, refusals too.

use etalon_types::{Tool, ToolError};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::Error;

/// Whether a tool changes anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// It only reads.
    Reads,
    /// It changes hardware.
    Acts,
}

/// A set of tools, called by name.
pub trait ToolBox {
    /// Says what a tool does to the world; none when there is no such tool.
    fn effect(&self, tool: &str) -> Option<Effect>;

    /// Runs a tool.
    ///
    /// # Errors
    /// [`ToolError::Unknown`] when there is no such tool, else whatever the tool says.
    fn run(&mut self, tool: &str, args: &Value) -> Result<Value, ToolError>;
}

impl<'t> ToolBox for Vec<Box<dyn Tool + 't>> {
    fn effect(&self, tool: &str) -> Option<Effect> {
        let found = self.iter().find(|t| t.name() == tool)?;
        Some(if found.acts() {
            Effect::Acts
        } else {
            Effect::Reads
        })
    }

    fn run(&mut self, tool: &str, args: &Value) -> Result<Value, ToolError> {
        match self.iter_mut().find(|t| t.name() == tool) {
            Some(found) => found.run(args),
            None => Err(ToolError::Unknown(tool.to_owned())),
        }
    }
}

/// What an agent says it will do, before it does it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Declaration {
    /// The agent.
    pub agent: String,
    /// What it wants to reach.
    pub goal: String,
    /// The tool that it will call.
    pub tool: String,
    /// The arguments that it will call it with.
    pub args: Value,
}

/// One line of the transcript of a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "event", rename_all = "kebab-case")]
pub enum Entry {
    /// One agent gave work to another.
    HandedOff {
        /// The sender.
        from: String,
        /// The receiver.
        to: String,
        /// The handoff as it was written.
        handoff: Value,
    },
    /// A policy decided.
    Decided {
        /// The step.
        step: String,
        /// What: `call TOOL`, `skip` or `stop`.
        decision: String,
        /// Why.
        because: String,
    },
    /// An agent said what it would do.
    Declared(Declaration),
    /// A tool was called.
    Called {
        /// By whom.
        agent: String,
        /// Which.
        tool: String,
        /// With what.
        args: Value,
    },
    /// A tool answered.
    Answered {
        /// Which.
        tool: String,
        /// What.
        answer: Value,
    },
    /// A tool failed, or was refused before it ran.
    Failed {
        /// Which.
        tool: String,
        /// Why.
        error: String,
    },
    /// Something was found out.
    Noted {
        /// What.
        note: String,
    },
}

/// Stands between an agent and a [`ToolBox`].
pub struct Guard<'t> {
    tools: &'t mut dyn ToolBox,
    declared: Option<Declaration>,
    calls: usize,
    limit: usize,
    transcript: Vec<Entry>,
}

impl<'t> Guard<'t> {
    /// Makes a guard that lets at most `limit` calls through.
    pub fn new(tools: &'t mut dyn ToolBox, limit: usize) -> Self {
        Self {
            tools,
            declared: None,
            calls: 0,
            limit,
            transcript: Vec::new(),
        }
    }

    /// Says what a tool does to the world; none when there is no such tool.
    pub fn effect(&self, tool: &str) -> Option<Effect> {
        self.tools.effect(tool)
    }

    /// Makes sure that `calls` more are left, so that what is begun can also be taken back.
    ///
    /// # Errors
    /// [`Error::StepLimit`] when they are not.
    pub fn reserve(&self, calls: usize, tool: &str) -> Result<(), Error> {
        if self.calls + calls > self.limit {
            return Err(Error::StepLimit {
                limit: self.limit,
                tool: tool.to_owned(),
            });
        }
        Ok(())
    }

    /// Takes a declaration, which replaces one that was not used.
    pub fn declare(&mut self, declaration: Declaration) {
        self.transcript.push(Entry::Declared(declaration.clone()));
        self.declared = Some(declaration);
    }

    /// Calls a tool as `call` says. A declaration is used up, whether it fits or not.
    ///
    /// # Errors
    /// [`Error::Undeclared`] when the tool acts and the declaration differs or is not there,
    /// [`Error::StepLimit`], and [`Error::Tool`].
    pub fn call(&mut self, call: &Declaration) -> Result<Value, Error> {
        let result = self.checked(call);
        self.transcript.push(match &result {
            Ok(answer) => Entry::Answered {
                tool: call.tool.clone(),
                answer: answer.clone(),
            },
            Err(error) => Entry::Failed {
                tool: call.tool.clone(),
                error: error.to_string(),
            },
        });
        result
    }

    fn checked(&mut self, call: &Declaration) -> Result<Value, Error> {
        let declared = self.declared.take();
        if self.calls >= self.limit {
            return Err(Error::StepLimit {
                limit: self.limit,
                tool: call.tool.clone(),
            });
        }
        self.calls += 1;
        if self.tools.effect(&call.tool) == Some(Effect::Acts) {
            check_declared(declared.as_ref(), call)?;
        }
        self.transcript.push(Entry::Called {
            agent: call.agent.clone(),
            tool: call.tool.clone(),
            args: call.args.clone(),
        });
        Ok(self.tools.run(&call.tool, &call.args)?)
    }

    /// Writes a line into the transcript.
    pub fn write(&mut self, entry: Entry) {
        self.transcript.push(entry);
    }

    /// Ends the run and returns its transcript.
    pub fn into_transcript(self) -> Vec<Entry> {
        self.transcript
    }
}

fn check_declared(declared: Option<&Declaration>, call: &Declaration) -> Result<(), Error> {
    let differs = |field, declared: String, called: String| {
        Err(Error::Undeclared {
            tool: call.tool.clone(),
            field,
            declared,
            called,
        })
    };
    let Some(said) = declared else {
        return differs("declaration", "nothing".into(), call.tool.clone());
    };
    for (field, one, two) in [
        ("agent", &said.agent, &call.agent),
        ("goal", &said.goal, &call.goal),
        ("tool", &said.tool, &call.tool),
    ] {
        if one != two {
            return differs(field, format!("{one:?}"), format!("{two:?}"));
        }
    }
    if said.args != call.args {
        return differs("arguments", said.args.to_string(), call.args.to_string());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    struct Counter {
        acts: bool,
        runs: usize,
    }

    impl Tool for Counter {
        fn name(&self) -> &'static str {
            if self.acts { "act" } else { "look" }
        }
        fn about(&self) -> &'static str {
            "counts its runs"
        }
        fn acts(&self) -> bool {
            self.acts
        }
        fn run(&mut self, _: &Value) -> Result<Value, ToolError> {
            self.runs += 1;
            Ok(json!({ "runs": self.runs }))
        }
    }

    fn tools() -> Vec<Box<dyn Tool>> {
        vec![
            Box::new(Counter {
                acts: true,
                runs: 0,
            }),
            Box::new(Counter {
                acts: false,
                runs: 0,
            }),
        ]
    }

    fn call(tool: &str, args: Value) -> Declaration {
        Declaration {
            agent: "a".into(),
            goal: "g".into(),
            tool: tool.into(),
            args,
        }
    }

    #[test]
    fn nothing_acts_without_the_same_declaration() {
        let mut tools = tools();
        let mut guard = Guard::new(&mut tools, 100);
        let wanted = call("act", json!({ "x": 1 }));
        let refused = |guard: &mut Guard| match guard.call(&wanted).unwrap_err() {
            Error::Undeclared { field, .. } => field,
            other => panic!("{other}"),
        };
        assert_eq!(refused(&mut guard), "declaration");
        for (said, field) in [
            (
                Declaration {
                    agent: "b".into(),
                    ..wanted.clone()
                },
                "agent",
            ),
            (
                Declaration {
                    goal: "h".into(),
                    ..wanted.clone()
                },
                "goal",
            ),
            (
                Declaration {
                    tool: "look".into(),
                    ..wanted.clone()
                },
                "tool",
            ),
            (
                Declaration {
                    args: json!({ "x": 2 }),
                    ..wanted.clone()
                },
                "arguments",
            ),
        ] {
            guard.declare(said);
            assert_eq!(refused(&mut guard), field);
        }
        guard.declare(wanted.clone());
        // The first run of the tool: every refusal left it alone.
        assert_eq!(guard.call(&wanted).unwrap(), json!({ "runs": 1 }));
        assert_eq!(
            refused(&mut guard),
            "declaration",
            "one declaration opens one call"
        );
    }

    #[test]
    fn reading_needs_no_declaration_and_calls_are_limited() {
        let mut tools = tools();
        let mut guard = Guard::new(&mut tools, 2);
        guard.call(&call("look", json!({}))).unwrap();
        let unknown = guard.call(&call("dream", json!({}))).unwrap_err();
        assert_eq!(unknown, Error::Tool(ToolError::Unknown("dream".into())));
        let limit = guard.call(&call("look", json!({}))).unwrap_err();
        assert_eq!(
            limit,
            Error::StepLimit {
                limit: 2,
                tool: "look".into()
            }
        );
        // Call, answer; call, failure; failure without a call.
        assert_eq!(guard.into_transcript().len(), 5);
    }
}
