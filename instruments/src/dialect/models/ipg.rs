//! IPG YAR: fibre amplifiers and lasers on a serial line.

use std::time::Duration;

use crate::dialect::Verb;
use crate::dialect::pattern::Spelling;
use crate::dialect::table::{Errors, Kind, Model, Row, Seen};
use crate::framing::Until;
use crate::session::Wire;

/// YAR over RS-232: carriage returns; every command is answered by its echo, or by `ERR:`.
///
/// The status word has a bit for emission (0), the start of three seconds (1), high temperature
/// (16), high back-reflection (17), unexpected emission (19) and a failed seed (20).
pub const YAR: Model = Model {
    name: "IPG YAR",
    kind: Kind::Amplifier,
    wire: Wire {
        command_end: b"\r",
        reply_end: b"\r",
        identify: "RMN",
        identity: Until::Line,
        patience: Duration::from_secs(5),
        silence: Duration::from_millis(100),
    },
    identity: "RMN: YAR-SIM-0001",
    spelling: Spelling::Exact,
    errors: Errors::Reply("ERR: "),
    rows: &[
        Row::ask(Verb::Identity, "RMN", &["RMN: {s}"]),
        Row::ask(Verb::StatusWord, "STA", &["STA: {i}"]),
        Row::act(Verb::Emission, "{EMOFF|EMON}").answered(&["{EMOFF|EMON}"]),
        Row::ask(Verb::OutputPower, "ROP", &["ROP: {W.2}", "ROP: {Off|Low}"]),
        Row::act(Verb::PowerSetting, "SPS {W.2}").answered(&["SPS: {W.2}"]),
        Row::ask(Verb::PowerSetting, "RPS", &["RPS: {W.2}"]),
        Row::ask(Verb::PumpCurrent, "RDC", &["RDC: {A.2}"]),
        Row::ask(Verb::CaseTemperature, "RCT", &["RCT: {C.1}"]),
    ],
    source: "the YAR driver of PyMeasure 0.16.0; reference/instruments.md 4a",
    seen: Seen::Simulated,
};
