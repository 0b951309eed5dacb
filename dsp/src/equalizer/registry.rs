//! Every equalizer that can be asked for by name.
//!
//! A kind is a line here and a file beside this one. All of them come behind the same linear
//! part, which levels, noise and interference are measured behind; what they differ in is who
//! decides the symbols (`detector.rs`).

use crate::options::EqualizerChoice;

/// A kind of equalizer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Kind {
    /// What it is in the options.
    pub choice: EqualizerChoice,
    /// What it is called on the command line and in reports.
    pub name: &'static str,
    /// What it does, in a few words.
    pub about: &'static str,
}

const fn kind(choice: EqualizerChoice, name: &'static str, about: &'static str) -> Kind {
    Kind {
        choice,
        name,
        about,
    }
}

/// All kinds, the choice among them first.
pub const KINDS: [Kind; 10] = [
    kind(
        EqualizerChoice::Auto,
        "auto",
        "the simplest that makes the fewest errors on training symbols held back",
    ),
    kind(EqualizerChoice::None, "none", "the sample at the instant"),
    kind(EqualizerChoice::Ffe, "ffe", "feed-forward, least squares"),
    kind(
        EqualizerChoice::FfeDfe,
        "ffe-dfe",
        "feed-forward with decision feedback, least squares",
    ),
    kind(
        EqualizerChoice::FfeMlse,
        "ffe-mlse",
        "feed-forward to a short channel, then sequence detection",
    ),
    kind(
        EqualizerChoice::Volterra,
        "volterra",
        "products of up to three samples, pruned",
    ),
    kind(
        EqualizerChoice::Lms,
        "lms",
        "feed-forward, least mean squares",
    ),
    kind(
        EqualizerChoice::SignLms,
        "sign-lms",
        "feed-forward, least mean squares by the error's sign",
    ),
    kind(
        EqualizerChoice::BlockLms,
        "block-lms",
        "feed-forward, least mean squares by blocks",
    ),
    kind(
        EqualizerChoice::Rls,
        "rls",
        "feed-forward, recursive least squares",
    ),
];

/// Returns the name of a choice.
pub fn name(choice: EqualizerChoice) -> &'static str {
    KINDS
        .iter()
        .find(|kind| kind.choice == choice)
        .map_or("unknown", |kind| kind.name)
}

/// Returns the choice with a name.
pub fn by_name(name: &str) -> Option<EqualizerChoice> {
    KINDS
        .iter()
        .find(|kind| kind.name == name)
        .map(|kind| kind.choice)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_found_again_and_differ() {
        for (i, kind) in KINDS.iter().enumerate() {
            assert_eq!(by_name(kind.name), Some(kind.choice));
            assert_eq!(name(kind.choice), kind.name);
            assert!(KINDS[..i].iter().all(|other| other.choice != kind.choice));
        }
        assert_eq!(by_name("no such"), None);
    }
}
