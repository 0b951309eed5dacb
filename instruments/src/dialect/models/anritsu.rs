//! Anritsu MS9710C and MS9740A: optical spectrum analyzers.

use std::time::Duration;

use crate::dialect::Verb;
use crate::dialect::pattern::Spelling;
use crate::dialect::table::{Effect, Errors, First, Kind, Model, Reply, Row, Seen};
use crate::session::Wire;

/// Wavelengths in nanometres without a unit. A sweep is over when bit 1 of the second event status
/// register is set, which its question clears.
pub const MS9740A: Model = Model {
    name: "Anritsu MS9740A",
    kind: Kind::SpectrumAnalyzer,
    wire: Wire {
        patience: Duration::from_secs(10),
        ..Wire::SCPI
    },
    identity: "ANRITSU,MS9740A,SIM0001,1.00",
    spelling: Spelling::Exact,
    errors: Errors::Silent,
    rows: ROWS,
    source: "the MS9710C and MS9740A classes of PyMeasure 0.16.0; reference/instruments.md 4a",
    seen: Seen::Simulated,
};

/// The older one: the same words, other resolutions and fewer points.
pub const MS9710C: Model = Model {
    name: "Anritsu MS9710C",
    identity: "ANRITSU,MS9710C,SIM0001,1.00",
    ..MS9740A
};

const ROWS: &[Row] = &[
    Row::ask(Verb::Identity, "*IDN?", &["{s}"]),
    Row::ask(Verb::CentreWavelength, "CNT?", &["{nm.2}"]),
    Row::set(Verb::CentreWavelength, "CNT {nm.2}"),
    Row::ask(Verb::Span, "SPN?", &["{nm.2}"]),
    Row::set(Verb::Span, "SPN {nm.2}"),
    Row::ask(Verb::StartWavelength, "STA?", &["{nm.2}"]),
    Row::set(Verb::StartWavelength, "STA {nm.2}"),
    Row::ask(Verb::StopWavelength, "STO?", &["{nm.2}"]),
    Row::set(Verb::StopWavelength, "STO {nm.2}"),
    Row::ask(Verb::Resolution, "RES?", &["{nm.2}"]),
    Row::set(Verb::Resolution, "RES {nm.2}"),
    Row::ask(Verb::Points, "MPT?", &["{i}"]),
    Row::set(Verb::Points, "MPT {i}"),
    Row::set(Verb::StartSweep, "SSI"),
    Row::ask(Verb::SweepDone, "ESR2?", &["{i}"]),
    Row::ask(Verb::TraceAxis, "DCA?", &["{nm.3},{nm.3},{i}"]),
    Row {
        verb: Verb::TraceLevels,
        effect: Effect::Reads,
        command: "DMA?",
        reply: Reply::List {
            each: "{dBm.2}",
            between: "\r\n",
            first: First::Number,
        },
    },
];
