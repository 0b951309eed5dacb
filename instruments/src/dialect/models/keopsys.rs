//! Keopsys (Lumibird): fibre amplifiers over GPIB or RS-232.

use crate::dialect::Verb;
use crate::dialect::pattern::Spelling;
use crate::dialect::table::{Errors, Kind, Model, Row, Seen};
use crate::session::Wire;

/// CEFA and KPS benches: `name=value` both ways. Constant current is set in mA, constant power in
/// tens of milliwatts; temperatures come in hundredths of a degree.
pub const CEFA: Model = Model {
    name: "Keopsys CEFA",
    kind: Kind::Amplifier,
    wire: Wire::SCPI,
    identity: "KPS-SIM-0001",
    spelling: Spelling::Exact,
    errors: Errors::Silent,
    rows: &[
        Row::ask(Verb::Identity, "*IDN?", &["{s}"]),
        Row::act(Verb::Emission, "{K0|K1}"),
        Row::act(Verb::ControlMode, "{ASS=1|ASS=2}"),
        Row::act(Verb::PumpCurrent, "IC2={mA.0}"),
        Row::ask(Verb::PumpCurrent, "IC2?", &["IC2={mA.0}"]),
        Row::act(Verb::PowerSetting, "CPU={10mW.0}"),
        Row::ask(Verb::PowerSetting, "CPU?", &["CPU={10mW.0}"]),
        Row::ask(Verb::CaseTemperature, "TD2?", &["TD2={cC.0}"]),
    ],
    source: "two public drivers; what PUE? and PUS? mean is unchecked and left out; \
             reference/instruments.md 4a",
    seen: Seen::Simulated,
};
