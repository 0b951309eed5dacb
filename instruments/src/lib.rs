//! Ports to readings: the safety envelope, and instruments behind it.
//!
//! **One gate to hardware.** A setter takes a [`Permit`] by value; only
//! [`permit()`] makes one, out of an [`Envelope`] (what an instrument may do at
//! all), an [`Action`](etalon_types::Action) and an [`Approval`](etalon_types::Approval) that
//! covers exactly that action. A permit cannot be copied and is gone once it was used. Going safe
//! needs none. Every setter reads back what it set: an instrument that says yes and does nothing
//! is a [`Error::Mismatch`].
//!
//! **Bytes.** A [`Resource`] says where an instrument is, a [`transport`] moves bytes to and from
//! it, [`framing`] makes messages of them, and a [`Session`] is a line that is in step: one that
//! lost an answer is another type, which cannot ask.
//!
//! **The other side.** A simulated instrument speaks through a [`server`], to whoever asks.
//!
//! [`OpticalSwitch`] and [`Transceiver`] are what the rest of the house sees. The [`simulated`]
//! ones are all there is so far, and say so.
//!
//! ```
//! use etalon_instruments::{Envelope, Limits, OpticalSwitch, permit, simulated::SimulatedSwitch};
//! use etalon_types::{Action, Approval, Circuit, SwitchPort};
//!
//! let mut envelope = Envelope::default();
//! envelope.allow("switch-1", Limits::switch(1..=4, 1..=4));
//! let circuit = Circuit { input: SwitchPort(1), output: SwitchPort(3) };
//! let action = Action::Connect { instrument: "switch-1".into(), circuit };
//! let approval = Approval {
//!     proposal: "p-1".into(), by: "person/example".into(), actions: vec![action.clone()],
//!     given_s: 1_000, expires_s: 1_600,
//! };
//! let mut switch = SimulatedSwitch::new("switch-1", 4, 4);
//! let permit = permit(&envelope, &action, &approval, 1_200)?;
//! assert_eq!(switch.connect(permit)?, circuit);
//! # Ok::<(), etalon_instruments::Error>(())
//! ```

pub mod dialect;
pub mod driver;
pub mod envelope;
pub mod error;
pub mod framing;
pub mod line;
pub mod resource;
pub mod server;
pub mod session;
pub mod simulated;
pub mod switch;
pub mod transceiver;
pub mod transport;

pub use driver::Driver;
pub use envelope::{Envelope, Limits, Permit, permit};
pub use error::{Error, Lack};
pub use line::Line;
pub use resource::{Resource, ResourceError};
pub use session::{Session, Wire};
pub use switch::OpticalSwitch;
pub use transceiver::Transceiver;
