//! Simulated instruments: hidden state, read-back, and faults on demand.
//!
//! They stand for hardware in tests and in the demo. Whatever shows one has to say that it is
//! simulated.

mod engine;
mod switch;
mod transceiver;

pub use engine::{Behaviour, Engine, Refusal};
pub use switch::{SimulatedSwitch, SwitchFault};
pub use transceiver::{ModuleFault, SimulatedTransceiver};
