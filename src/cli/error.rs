//! What the command line says when it cannot do what was asked: one paragraph or one object.
//!
//! Every error has a code that never changes its meaning, says what went wrong, where and why,
//! and ends with a hint: a command to type or a thing to change.

use schemars::JsonSchema;
use serde::Serialize;

/// How a command ended, as the process tells its caller.
///
/// The order is the order of badness: of several outcomes the worst one is the exit code.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Exit {
    /// Done.
    #[default]
    Done,
    /// Done, with findings: an alarm, a failed limit, a rejected file.
    Findings,
    /// Usage or configuration.
    Usage,
    /// Input unreadable.
    Input,
    /// Instrument.
    Instrument,
    /// Storage.
    Storage,
    /// Refused by the envelope or by a missing approval.
    Refused,
    /// A defect of the program itself (`EX_SOFTWARE` of sysexits.h).
    Internal,
    /// Interrupted; the command can be resumed.
    Interrupted,
}

impl Exit {
    /// Every outcome, in the order of its code.
    pub const ALL: [Self; 9] = [
        Self::Done,
        Self::Findings,
        Self::Usage,
        Self::Input,
        Self::Instrument,
        Self::Storage,
        Self::Refused,
        Self::Internal,
        Self::Interrupted,
    ];

    /// Returns the code that the process exits with.
    pub fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Findings => 1,
            Self::Usage => 2,
            Self::Input => 3,
            Self::Instrument => 4,
            Self::Storage => 5,
            Self::Refused => 6,
            Self::Internal => 70,
            Self::Interrupted => 130,
        }
    }

    /// Says what the code means.
    pub fn meaning(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Findings => "done, with findings: an alarm, a failed limit, a rejected file",
            Self::Usage => "usage or configuration: nothing was done",
            Self::Input => "input unreadable: missing, empty, truncated or of an unknown format",
            Self::Instrument => "an instrument did not answer or refused",
            Self::Storage => "storage: a result could not be written",
            Self::Refused => "refused by the safety envelope or by a missing approval",
            Self::Internal => "a defect of etalon itself (ETA-9000)",
            Self::Interrupted => "interrupted; the same command goes on where it stopped",
        }
    }
}

/// An error as people and programs see it.
#[derive(Clone, Debug, PartialEq)]
pub struct CliError {
    /// Code `ETA-nnnn`; the first digit is the exit code, or 9 for a defect of the program.
    pub code: &'static str,
    /// How the process ends because of it.
    pub exit: Exit,
    /// What went wrong, in one sentence.
    pub what: String,
    /// Where: file and byte, option, or resource and command.
    pub where_: String,
    /// Why: what was expected and what was found.
    pub why: String,
    /// What to do next, a command where there is one.
    pub hint: String,
}

/// `etalon.error/1`: an error as one JSON object on stderr.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct ErrorRecord {
    /// Always `etalon.error/1`.
    pub schema: String,
    /// Code `ETA-nnnn`.
    pub code: String,
    /// Exit code of the process if nothing worse happens.
    pub exit: u8,
    /// What went wrong.
    pub what: String,
    /// Where: file and byte, option, or resource and command.
    #[serde(rename = "where")]
    pub where_: String,
    /// Why: what was expected and what was found.
    pub why: String,
    /// What to do next.
    pub hint: String,
}

impl CliError {
    /// Makes a usage error (exit 2) about an option.
    pub fn usage(
        code: &'static str,
        option: impl Into<String>,
        what: impl Into<String>,
        why: impl Into<String>,
        hint: impl Into<String>,
    ) -> Self {
        Self {
            code,
            exit: Exit::Usage,
            what: what.into(),
            where_: option.into(),
            why: why.into(),
            hint: hint.into(),
        }
    }

    /// Makes the error for something that a later version does (exit 2).
    pub fn comes_later(option: &str, value: &str, hint: impl Into<String>) -> Self {
        Self::usage(
            "ETA-2002",
            option,
            format!("{value} comes later"),
            format!("this version of etalon does not do it, and doing something else in its place would be wrong: {option} {value}").trim_end().to_owned(),
            hint,
        )
    }

    /// Makes the error for a result that could not be written (exit 5).
    pub fn storage(path: &std::path::Path, error: &std::io::Error) -> Self {
        Self {
            code: "ETA-5001",
            exit: Exit::Storage,
            what: "the result could not be written".into(),
            where_: path.display().to_string(),
            why: error.to_string(),
            hint: "choose a folder that exists, can be written and has room; nothing was left half written"
                .into(),
        }
    }

    /// Returns the error as a record.
    pub fn record(&self) -> ErrorRecord {
        ErrorRecord {
            schema: "etalon.error/1".into(),
            code: self.code.into(),
            exit: self.exit.code(),
            what: self.what.clone(),
            where_: self.where_.clone(),
            why: self.why.clone(),
            hint: self.hint.clone(),
        }
    }

    /// Renders the error as a short paragraph, ending with a line break.
    pub fn paragraph(&self) -> String {
        let mut text = format!("error[{}]: {}\n", self.code, self.what);
        for (name, value) in [
            ("where", &self.where_),
            ("why", &self.why),
            ("hint", &self.hint),
        ] {
            if !value.is_empty() {
                text.push_str(&format!("  {name}: {value}\n"));
            }
        }
        text
    }

    /// Renders the error as one line of JSON, ending with a line break.
    pub fn json_line(&self) -> String {
        // A struct of strings and one number always serializes.
        let mut line = serde_json::to_string(&self.record()).unwrap_or_default();
        line.push('\n');
        line
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_worst_outcome_has_the_highest_code() {
        for pair in Exit::ALL.windows(2) {
            assert!(pair[0] < pair[1], "{pair:?}");
            assert!(pair[0].code() < pair[1].code(), "{pair:?}");
        }
    }

    #[test]
    fn a_paragraph_says_what_where_why_and_what_next() {
        let error = CliError::usage(
            "ETA-2001",
            "--taps",
            "no",
            "expected 1, found 0",
            "etalon help",
        );
        assert_eq!(
            error.paragraph(),
            "error[ETA-2001]: no\n  where: --taps\n  why: expected 1, found 0\n  hint: etalon help\n"
        );
        let value: serde_json::Value = serde_json::from_str(&error.json_line()).unwrap();
        assert_eq!(value["where"], "--taps");
        assert!(
            error
                .json_line()
                .starts_with("{\"schema\":\"etalon.error/1\"")
        );
    }
}
