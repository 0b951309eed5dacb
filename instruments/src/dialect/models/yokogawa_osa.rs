//! Yokogawa AQ6370 series: optical spectrum analyzers.

use std::time::Duration;

use crate::dialect::Verb;
use crate::dialect::pattern::Spelling;
use crate::dialect::table::{Effect, Errors, Kind, Model, Reply, Row, Seen};
use crate::session::Wire;

/// AQ6370D in its own command format (`CFORM1`), on port 10001 behind a login.
pub const AQ6370D: Model = Model {
    name: "Yokogawa AQ6370D",
    kind: Kind::SpectrumAnalyzer,
    wire: Wire {
        command_end: b"\r\n",
        reply_end: b"\r\n",
        // A sweep of 50,001 points at 0.02 nm is asked for with a time of its own.
        patience: Duration::from_secs(10),
        ..Wire::SCPI
    },
    identity: "YOKOGAWA,AQ6370D,SIM0001,01.00",
    spelling: Spelling::Scpi,
    errors: Errors::Queue,
    rows: &[
        Row::ask(Verb::Identity, "*IDN?", &["{s}"]),
        Row::set(Verb::ClearStatus, "*CLS"),
        Row::ask(Verb::OperationComplete, "*OPC?", &["{i}"]),
        Row::ask(Verb::EventStatus, "*ESR?", &["{i}"]),
        Row::ask(Verb::ErrorQueue, ":SYSTem:ERRor[:NEXT]?", &["{i},{q}"]),
        Row::set(Verb::CentreWavelength, ":SENSe:WAVelength:CENTer {m.e}"),
        Row::ask(
            Verb::CentreWavelength,
            ":SENSe:WAVelength:CENTer?",
            &["{m.e}"],
        ),
        Row::set(Verb::Span, ":SENSe:WAVelength:SPAN {m.e}"),
        Row::ask(Verb::Span, ":SENSe:WAVelength:SPAN?", &["{m.e}"]),
        Row::set(Verb::StartWavelength, ":SENSe:WAVelength:STARt {m.e}"),
        Row::ask(
            Verb::StartWavelength,
            ":SENSe:WAVelength:STARt?",
            &["{m.e}"],
        ),
        Row::set(Verb::StopWavelength, ":SENSe:WAVelength:STOP {m.e}"),
        Row::ask(Verb::StopWavelength, ":SENSe:WAVelength:STOP?", &["{m.e}"]),
        Row::set(Verb::Resolution, ":SENSe:BWIDth[:RESolution] {m.e}"),
        Row::ask(Verb::Resolution, ":SENSe:BWIDth[:RESolution]?", &["{m.e}"]),
        Row::set(Verb::Points, ":SENSe:SWEep:POINts {i}"),
        Row::ask(Verb::Points, ":SENSe:SWEep:POINts?", &["{i}"]),
        Row::set(Verb::Sensitivity, ":SENSe:SENSe {i}"),
        Row::ask(Verb::Sensitivity, ":SENSe:SENSe?", &["{i}"]),
        Row::set(
            Verb::ReferenceLevel,
            ":DISPlay:TRACe:Y1:SCALe:RLEVel {dBm.1}",
        ),
        Row::ask(
            Verb::ReferenceLevel,
            ":DISPlay:TRACe:Y1:SCALe:RLEVel?",
            &["{.e}"],
        ),
        // 1 single, 2 repeat, 3 auto, 4 segment.
        Row::set(Verb::SweepMode, ":INITiate:SMODe {i}"),
        Row::ask(Verb::SweepMode, ":INITiate:SMODe?", &["{i}"]),
        Row::set(Verb::StartSweep, ":INITiate[:IMMediate]"),
        Row::set(Verb::StopSweep, ":ABORt"),
        // Bit 0: the sweep is over.
        Row::ask(Verb::SweepDone, ":STATus:OPERation:CONDition?", &["{i}"]),
        Row::set(Verb::DataFormat, ":FORMat[:DATA] {ASCII|REAL,32|REAL,64}"),
        Row::ask(
            Verb::DataFormat,
            ":FORMat[:DATA]?",
            &["{ASCII|REAL,32|REAL,64}"],
        ),
        TRACE_X,
        TRACE_Y,
    ],
    source: "the AQ6370 class of PyMeasure 0.16.0 and public scripts; reference/instruments.md 4a",
    seen: Seen::Simulated,
};

const TRACE_X: Row = Row {
    verb: Verb::TraceWavelengths,
    effect: Effect::Reads,
    command: ":TRACe[:DATA]:X? {TRA|TRB|TRC|TRD|TRE|TRF|TRG}",
    reply: Reply::Trace { each: "{m.e}" },
};

const TRACE_Y: Row = Row {
    verb: Verb::TraceLevels,
    effect: Effect::Reads,
    command: ":TRACe[:DATA]:Y? {TRA|TRB|TRC|TRD|TRE|TRF|TRG}",
    reply: Reply::Trace { each: "{.e}" },
};
