//! Words that the command line does not know, told the way every other error is told.

use std::ffi::OsString;

use clap::error::{ContextKind, ContextValue, ErrorKind};

use super::error::{CliError, Exit};
use super::talk::{print, say_raw};

/// Shows what the parser has to say: help and version on stdout, anything else as `ETA-2000`.
pub fn explain(error: &clap::Error, words: &[OsString]) -> Exit {
    match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => {
            // A reader that went away has seen enough of the help.
            let _ = print(&error.render().to_string());
            Exit::Done
        }
        ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand | ErrorKind::MissingSubcommand => {
            complain(&missing_verb(words), words)
        }
        _ => complain(&translate(error, words), words),
    }
}

fn complain(error: &CliError, words: &[OsString]) -> Exit {
    let json = words.iter().any(|word| word == "--json");
    say_raw(&if json {
        error.json_line()
    } else {
        error.paragraph()
    });
    error.exit
}

fn missing_verb(words: &[OsString]) -> CliError {
    let help = help_command(words);
    CliError::usage(
        "ETA-2000",
        typed(words),
        "a verb is missing",
        "expected one more word",
        help,
    )
}

fn translate(error: &clap::Error, words: &[OsString]) -> CliError {
    // The rendered text has paragraphs: what, then tips, usage and a pointer to the help.
    let text = error.render().to_string();
    let mut paragraphs = text.split("\n\n");
    let head = paragraphs.next().unwrap_or_default();
    let what = head.trim().strip_prefix("error: ").unwrap_or(head.trim());
    let mut lines = what.lines().map(str::trim);
    let first = lines
        .next()
        .unwrap_or_default()
        .trim_end_matches(':')
        .to_owned();
    let rest = lines.collect::<Vec<_>>().join("; ");
    let why = match (error.get(ContextKind::InvalidValue), rest.is_empty()) {
        (_, false) => rest,
        (Some(ContextValue::String(found)), true) => format!("found {found:?}"),
        _ => "the command line does not know it".to_owned(),
    };
    let help = help_command(words);
    let hint = match suggestion(error) {
        Some(close) => format!("did you mean {close}? All of them: {help}"),
        None => help,
    };
    CliError::usage("ETA-2000", typed(words), first, why, hint)
}

fn suggestion(error: &clap::Error) -> Option<String> {
    let kinds = [
        ContextKind::SuggestedSubcommand,
        ContextKind::SuggestedArg,
        ContextKind::SuggestedValue,
    ];
    kinds.into_iter().find_map(|kind| match error.get(kind)? {
        ContextValue::String(one) => Some(one.clone()),
        ContextValue::Strings(many) if !many.is_empty() => Some(many.join(", ")),
        _ => None,
    })
}

fn typed(words: &[OsString]) -> String {
    let mut texts = vec!["etalon".to_owned()];
    texts.extend(
        words
            .iter()
            .skip(1)
            .map(|w| w.to_string_lossy().into_owned()),
    );
    super::shell::join(&texts)
}

/// The help of the deepest verb that was typed right.
fn help_command(words: &[OsString]) -> String {
    use clap::CommandFactory;
    let mut command = super::Cli::command();
    let mut path = String::from("etalon help");
    for word in words
        .iter()
        .skip(1)
        .filter_map(|w| w.to_str())
        .filter(|w| !w.starts_with('-'))
    {
        let Some(next) = command.find_subcommand(word) else {
            break;
        };
        path.push(' ');
        path.push_str(next.get_name());
        command = next.clone();
    }
    path
}
