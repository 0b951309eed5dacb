//! Keysight N77xx: attenuators with power meters.

use crate::dialect::Verb;
use crate::dialect::pattern::Spelling;
use crate::dialect::table::{Errors, Kind, Model, Row, Seen};
use crate::session::Wire;

/// N7764A: four attenuators with power control, on slots 1, 3, 5 and 7. 0 to 45 dB; the input
/// takes +23 dBm, a meter's slot +16 dBm.
pub const N7764A: Model = Model {
    name: "Keysight N7764A",
    kind: Kind::Attenuator,
    wire: Wire::SCPI,
    identity: "Agilent Technologies,N7764A,SIM0001,V1.0",
    spelling: Spelling::Scpi,
    errors: Errors::Queue,
    rows: &[
        Row::ask(Verb::Identity, "*IDN?", &["{s}"]),
        Row::ask(Verb::ErrorQueue, ":SYSTem:ERRor[:NEXT]?", &["{i},{q}"]),
        Row::set(Verb::ClearStatus, "*CLS"),
        Row::ask(Verb::OperationComplete, "*OPC?", &["{i}"]),
        Row::ask(Verb::EventStatus, "*ESR?", &["{i}"]),
        Row::act(Verb::Attenuation, ":INPut#:ATTenuation {dB.3}"),
        Row::ask(Verb::Attenuation, ":INPut#:ATTenuation?", &["{dB.3}"]),
        Row::ask(
            Verb::AttenuationMinimum,
            ":INPut#:ATTenuation? MIN",
            &["{dB.3}"],
        ),
        Row::ask(
            Verb::AttenuationMaximum,
            ":INPut#:ATTenuation? MAX",
            &["{dB.3}"],
        ),
        Row::set(Verb::AttenuationOffset, ":INPut#:OFFSet {dB.3}"),
        Row::ask(Verb::AttenuationOffset, ":INPut#:OFFSet?", &["{dB.3}"]),
        Row::set(Verb::Wavelength, ":INPut#:WAVelength {m.e}"),
        Row::ask(Verb::Wavelength, ":INPut#:WAVelength?", &["{m.e}"]),
        Row::act(Verb::OutputEnable, ":OUTPut#[:STATe] {0|1}"),
        Row::ask(Verb::OutputEnable, ":OUTPut#[:STATe]?", &["{0|1}"]),
        Row::set(Verb::PowerUnit, ":OUTPut#:POWer:UNit {0|1}"),
        Row::ask(Verb::PowerUnit, ":OUTPut#:POWer:UNit?", &["{0|1}"]),
        Row::set(Verb::AveragingTime, ":OUTPut#:ATIMe {s.e}"),
        Row::ask(Verb::AveragingTime, ":OUTPut#:ATIMe?", &["{s.e}"]),
        Row::ask(Verb::Power, ":FETCh#[:SCALar]:POWer?", &["{.e}"]),
    ],
    source: "a public driver; reference/instruments.md 4a",
    seen: Seen::Simulated,
};
