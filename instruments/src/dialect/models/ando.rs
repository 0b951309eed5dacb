//! Ando AQ6317, and the AQ6370 series in its AQ6317 mode (`CFORM0`).

use std::time::Duration;

use crate::dialect::Verb;
use crate::dialect::pattern::Spelling;
use crate::dialect::table::{Effect, Errors, First, Kind, Model, Reply, Row, Seen};
use crate::session::Wire;

/// Words run into their numbers, wavelengths are in nanometres, and lists begin with their length.
pub const AQ6317: Model = Model {
    name: "Ando AQ6317",
    kind: Kind::SpectrumAnalyzer,
    wire: Wire {
        patience: Duration::from_secs(10),
        ..Wire::SCPI
    },
    identity: "ANDO,AQ6317,SIM0001,MR01.00",
    spelling: Spelling::Exact,
    errors: Errors::Silent,
    rows: &[
        Row::ask(Verb::Identity, "*IDN?", &["{s}"]),
        Row::ask(Verb::CentreWavelength, "CTRWL?", &["{nm.2}"]),
        Row::set(Verb::CentreWavelength, "CTRWL{nm.2}"),
        Row::ask(Verb::Span, "SPAN?", &["{nm.2}"]),
        Row::set(Verb::Span, "SPAN{nm.2}"),
        Row::ask(Verb::StartWavelength, "STAWL?", &["{nm.2}"]),
        Row::set(Verb::StartWavelength, "STAWL{nm.2}"),
        Row::ask(Verb::StopWavelength, "STPWL?", &["{nm.2}"]),
        Row::set(Verb::StopWavelength, "STPWL{nm.2}"),
        Row::ask(Verb::Resolution, "RESLN?", &["{nm.2}"]),
        Row::set(Verb::Resolution, "RESLN{nm.2}"),
        Row::set(Verb::StartSweep, "SGL"),
        Row::set(Verb::StopSweep, "STP"),
        // 0 stopped, 1 single, 2 repeat, 3 auto.
        Row::ask(Verb::SweepDone, "SWEEP?", &["{i}"]),
        LEVELS,
        WAVELENGTHS,
    ],
    source: "a public bench class; what SWEEP? answers is unchecked; reference/instruments.md 4a",
    seen: Seen::Simulated,
};

const LEVELS: Row = Row {
    verb: Verb::TraceLevels,
    effect: Effect::Reads,
    command: "LDATA",
    reply: Reply::List {
        each: "{dBm.2}",
        between: ",",
        first: First::Count,
    },
};

const WAVELENGTHS: Row = Row {
    verb: Verb::TraceWavelengths,
    effect: Effect::Reads,
    command: "WDATA",
    reply: Reply::List {
        each: "{nm.3}",
        between: ",",
        first: First::Count,
    },
};
