//! Keysight N7776C: tunable laser source.

use crate::dialect::Verb;
use crate::dialect::pattern::Spelling;
use crate::dialect::table::{Errors, Kind, Model, Row, Seen};
use crate::session::Wire;

/// N7776C: power in dBm or W, wavelength, and a lock with a code.
pub const N7776C: Model = Model {
    name: "Keysight N7776C",
    kind: Kind::Laser,
    wire: Wire::SCPI,
    identity: "Keysight Technologies,N7776C,SIM0001,1.00",
    spelling: Spelling::Scpi,
    errors: Errors::Queue,
    rows: &[
        Row::ask(Verb::Identity, "*IDN?", &["{s}"]),
        Row::ask(Verb::ErrorQueue, ":SYSTem:ERRor[:NEXT]?", &["{i},{q}"]),
        Row::set(Verb::ClearStatus, "*CLS"),
        Row::ask(Verb::OperationComplete, "*OPC?", &["{i}"]),
        Row::ask(Verb::EventStatus, "*ESR?", &["{i}"]),
        Row::act(Verb::LaserEnable, ":SOURce#:POWer:STATe {0|1}"),
        Row::ask(Verb::LaserEnable, ":SOURce#:POWer:STATe?", &["{0|1}"]),
        Row::act(Verb::LaserPower, ":SOURce#:POWer {dBm.3}"),
        Row::ask(Verb::LaserPower, ":SOURce#:POWer?", &["{.e}"]),
        Row::set(Verb::PowerUnit, ":SOURce#:POWer:UNIT {0|1}"),
        Row::ask(Verb::PowerUnit, ":SOURce#:POWer:UNIT?", &["{0|1}"]),
        Row::act(Verb::Wavelength, ":SOURce#:WAVelength {m.e}"),
        Row::ask(Verb::Wavelength, ":SOURce#:WAVelength?", &["{m.e}"]),
        Row::act(Verb::LaserLock, ":LOCK {0|1},{s}"),
        Row::ask(Verb::LaserLock, ":LOCK?", &["{0|1}"]),
    ],
    source: "the N7776C class of PyMeasure 0.16.0; reference/instruments.md 4a",
    seen: Seen::Simulated,
};
