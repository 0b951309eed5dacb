//! Amonics AEDFA: fibre amplifiers on a serial line.

use std::time::Duration;

use crate::dialect::Verb;
use crate::dialect::pattern::Spelling;
use crate::dialect::table::{Errors, Kind, Model, Row, Seen};
use crate::framing::Until;
use crate::session::Wire;

/// AEDFA-PA and -BO: 19200 baud, 8N1, CR LF both ways. Slow: switching takes seconds.
///
/// The channel goes on before the master, and the master off before the channel.
pub const AEDFA: Model = Model {
    name: "Amonics AEDFA",
    kind: Kind::Amplifier,
    wire: Wire {
        command_end: b"\r\n",
        reply_end: b"\r\n",
        identify: ":CAL:SYS:SERIAL?",
        identity: Until::Line,
        patience: Duration::from_secs(25),
        silence: Duration::from_millis(100),
    },
    identity: "SIM-AEDFA-0001",
    spelling: Spelling::Scpi,
    errors: Errors::Silent,
    rows: &[
        Row::ask(Verb::Model, ":CAL:SYS:MODEL?", &["{s}"]),
        Row::ask(Verb::Identity, ":CAL:SYS:SERIAL?", &["{s}"]),
        // 0 unlocked, 1 locked.
        Row::ask(Verb::Interlock, ":DRIV:INTERLOCK?", &["{0|1}"]),
        Row::ask(Verb::CaseTemperature, ":SENS:TEMP:BOX?", &["{C.1}"]),
        Row::ask(Verb::ControlMode, ":MODE:SW:CH1?", &["{ACC|APC}"]),
        Row::act(Verb::ControlMode, ":MODE:SW:CH1 {ACC|APC}"),
        Row::ask(
            Verb::PumpCurrentMaximum,
            ":READ:DRIV:MAX:ACC:CH1?",
            &["{mA.1}"],
        ),
        Row::act(Verb::PumpCurrent, ":DRIV:ACC:CUR:CH1 {mA.1}"),
        Row::ask(Verb::PumpCurrent, ":DRIV:ACC:CUR:CH1?", &["{mA.1}"]),
        // 0 off, 1 on, 2 busy, 4 locked; 3 is not told.
        Row::act(Verb::ChannelEnable, ":DRIV:ACC:STAT:CH1 {0|1}"),
        Row::ask(Verb::ChannelEnable, ":DRIV:ACC:STAT:CH1?", &["{0|1|2|3|4}"]),
        Row::act(Verb::Emission, ":DRIV:MCTRL {0|1}"),
        Row::ask(Verb::Emission, ":DRIV:MCTRL?", &["{0|1|2|3|4}"]),
        Row::ask(Verb::OutputPower, ":SENS:POW:OUT:CH1?", &["{mW.3}"]),
        Row::ask(Verb::InputPower, ":SENS:POW:PD:CH1?", &["{mW.6}"]),
    ],
    source: "a public driver that was tried on an AEDFA-PA-30-B-FA; reference/instruments.md 4a",
    seen: Seen::Simulated,
};
