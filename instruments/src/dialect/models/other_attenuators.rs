//! Attenuators of JDSU and OZ Optics.

use std::time::Duration;

use crate::dialect::Verb;
use crate::dialect::pattern::Spelling;
use crate::dialect::table::{Errors, Kind, Model, Row, Seen};
use crate::framing::Until;
use crate::session::Wire;

/// JDSU HA9: one attenuator with a beam block; `D 1` blocks.
pub const HA9: Model = Model {
    name: "JDSU HA9",
    kind: Kind::Attenuator,
    wire: Wire::SCPI,
    identity: "JDS UNIPHASE,HA9,SIM0001,1.0",
    spelling: Spelling::Exact,
    errors: Errors::Silent,
    rows: &[
        Row::ask(Verb::Identity, "*IDN?", &["{s}"]),
        Row::ask(Verb::Attenuation, "ATT?", &["{dB.2}"]),
        Row::act(Verb::Attenuation, "ATT {dB.2}"),
        Row::ask(Verb::Wavelength, "WVL?", &["{m.e}"]),
        Row::set(Verb::Wavelength, "WVL {m.e}"),
        // The words are the other way round: 1 blocks the beam.
        Row::ask(Verb::OutputEnable, "D?", &["{1|0}"]),
        Row::act(Verb::OutputEnable, "{D 1|D 0}"),
    ],
    source: "two public drivers; reference/instruments.md 4a",
    seen: Seen::Simulated,
};

/// OZ Optics DD-100: 9600 baud; answers of several lines that end with `Done`.
pub const DD_100: Model = Model {
    name: "OZ Optics DD-100",
    kind: Kind::Attenuator,
    wire: Wire {
        command_end: b"\r\n",
        reply_end: b"\r\n",
        identify: "CD",
        identity: Until::LineOf("Done"),
        patience: Duration::from_secs(10),
        silence: Duration::from_millis(100),
    },
    identity: "DD-100-SIM0001 max 55.00 dB",
    spelling: Spelling::Exact,
    errors: Errors::Silent,
    rows: &[
        // The dump of its configuration does not change.
        Row::ask(Verb::Identity, "CD", &["{s}"]),
        Row::ask(Verb::Attenuation, "A?", &["Atten:{dB.2}(dB)"]),
        Row::act(Verb::Attenuation, "A{dB.2}").answered(&["Pos:{i}"]),
    ],
    source: "a public driver; reference/instruments.md 4a",
    seen: Seen::Simulated,
};
