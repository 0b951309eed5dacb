//! FiberLabs desktop amplifiers.

use std::time::Duration;

use crate::dialect::Verb;
use crate::dialect::pattern::Spelling;
use crate::dialect::table::{Errors, Kind, Model, Row, Seen};
use crate::framing::Until;
use crate::session::Wire;

/// AMP series over RS-232: every command is answered by itself and its values. It has return power.
pub const AMP: Model = Model {
    name: "FiberLabs AMP",
    kind: Kind::Amplifier,
    wire: Wire {
        command_end: b"\r\n",
        reply_end: b"\r\n",
        identify: "idn",
        identity: Until::Line,
        patience: Duration::from_secs(5),
        silence: Duration::from_millis(100),
    },
    identity: "idn,FIBERLABS,SIM0001",
    spelling: Spelling::Exact,
    errors: Errors::Silent,
    rows: &[
        Row::ask(Verb::Identity, "idn", &["idn,{s}"]),
        Row::act(Verb::Emission, "active,{0|1}").answered(&["active,{0|1}"]),
        Row::act(Verb::ControlMode, "setmod,1,{0|1}").answered(&["setmod,1,{0|1}"]),
        Row::act(Verb::PumpCurrent, "setacc,1,{mA.1}").answered(&["setacc,1,{mA.1}"]),
        Row::act(Verb::LevelSetting, "setalc,1,{dBm.2}").answered(&["setalc,1,{dBm.2}"]),
        Row::ask(Verb::OutputPower, "monout", &["monout,{dBm.2}"]),
        Row::ask(Verb::InputPower, "monin", &["monin,{dBm.2}"]),
        Row::ask(Verb::ReturnPower, "monret", &["monret,{dBm.2}"]),
        Row::ask(Verb::PumpCurrent, "monldc,1", &["monldc,{mA.1}"]),
        Row::ask(Verb::CaseTemperature, "monldt,1", &["monldt,{C.1}"]),
    ],
    source: "a public driver; idn is a guess, the rest is read there; reference/instruments.md 4a",
    seen: Seen::Simulated,
};
