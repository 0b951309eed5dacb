//! Paths and cancellers in words, the same on every screen, page and picture.

use etalon_types::cancellation::{Cancellation, CancellationAction, CancellationMethod};
use etalon_types::report::{MpiPath, PathKind};
use etalon_types::units::engineering;

/// Pairs of connectors that are named; more of them say little.
const NAMED: usize = 3;

/// Says what a path is, and of which period its delay may hold more; empty when nothing is known.
pub(crate) fn what(path: &MpiPath) -> String {
    let kind = match path.kind {
        Some(PathKind::FixedEcho) => Some("fixed echo, optical or electrical".to_owned()),
        // It is what the verb looks for: nothing needs to be said.
        Some(PathKind::Interference) | None => None,
    };
    let modulo = path.modulo_s.map(|period| {
        format!(
            "modulo {} (period of the pattern)",
            engineering(period, "s")
        )
    });
    let both: Vec<String> = kind.into_iter().chain(modulo).collect();
    both.join("; ")
}

/// Names the pairs that fit; empty without an inventory.
pub(crate) fn connectors(path: &MpiPath) -> String {
    match path.connectors.as_deref() {
        None => String::new(),
        Some([]) => "no pair of the inventory".into(),
        Some(pairs) => {
            let mut names: Vec<String> = pairs
                .iter()
                .take(NAMED)
                .map(|[a, b]| format!("{a} / {b}"))
                .collect();
            if pairs.len() > NAMED {
                names.push(format!("{} more", pairs.len() - NAMED));
            }
            names.join(" or ")
        }
    }
}

/// Names a canceller.
pub(crate) fn method(method: CancellationMethod) -> &'static str {
    match method {
        CancellationMethod::BlockTracker => "block tracker",
        CancellationMethod::DelayAware => "delay-aware",
        CancellationMethod::HighPass => "high-pass",
    }
}

/// Says what a canceller did.
pub(crate) fn action(cancellation: &Cancellation) -> String {
    let block = cancellation.block_symbols;
    match cancellation.action {
        CancellationAction::Subtracted { gain } => {
            format!("gain {gain:.2}, {block} symbols")
        }
        CancellationAction::Bypassed => "bypassed".into(),
    }
}
