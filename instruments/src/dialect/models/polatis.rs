//! Polatis: matrix switches that steer beams.

use std::time::Duration;

use crate::dialect::Verb;
use crate::dialect::pattern::Spelling;
use crate::dialect::table::{Errors, Kind, Model, Row, Seen};
use crate::session::Wire;

/// N-OST: over TCP or a serial line at 38400 baud. Outputs are numbered behind the inputs.
pub const POLATIS: Model = Model {
    name: "Polatis N-OST",
    kind: Kind::Switch,
    wire: Wire {
        patience: Duration::from_secs(10),
        ..Wire::SCPI
    },
    identity: "Polatis,N-OST-16x16-LA1-DMHNS,SIM0001,6.3.2",
    spelling: Spelling::Scpi,
    errors: Errors::Queue,
    rows: &[
        Row::ask(Verb::Identity, "*IDN?", &["{s}"]),
        Row::set(Verb::ClearStatus, "*CLS"),
        Row::ask(Verb::OperationComplete, "*OPC?", &["{i}"]),
        Row::ask(Verb::ErrorQueue, ":SYSTem:ERRor[:NEXT]?", &["{i},{q}"]),
        Row::ask(Verb::SwitchSize, ":OXC:SWITch:SIZE?", &["{i},{i}"]),
        Row::act(Verb::Connect, ":OXC:SWITch:CONNect:ADD (@{i}),(@{i})"),
        Row::act(Verb::Disconnect, ":OXC:SWITch:CONNect:SUB (@{i}),(@{i})"),
        Row::act(Verb::DisconnectAll, ":OXC:SWITch:DISConnect:ALL"),
        Row::ask(
            Verb::Circuits,
            ":OXC:SWITch:CONNect:STATe?",
            &["(@{s}),(@{s})"],
        ),
        Row::ask(Verb::CircuitOf, ":OXC:SWITch:CONNect:PORT? {i}", &["{q}"]),
    ],
    source: "six public users; the form of the answer of STATe? is unchecked; \
             reference/instruments.md 4a",
    seen: Seen::Simulated,
};
