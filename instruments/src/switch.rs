//! Optical matrix switches.

use etalon_types::{Action, Circuit};

use crate::envelope::Permit;
use crate::error::Error;

/// An optical matrix switch: each input goes to at most one output and the other way round.
pub trait OpticalSwitch {
    /// Returns its name in the envelope.
    fn name(&self) -> &str;

    /// Reads the circuits that stand, in the order of their inputs.
    ///
    /// # Errors
    /// [`Error::Disconnected`], [`Error::Timeout`], [`Error::Desynchronized`].
    fn circuits(&mut self) -> Result<Vec<Circuit>, Error>;

    /// Connects an input to an output, replacing the input's circuit, and returns the circuit
    /// that was read back.
    ///
    /// # Errors
    /// [`Error::OutOfEnvelope`] when the permit is for something else,
    /// [`Error::Refused`] when the switch says no, [`Error::Mismatch`] when it says yes and its
    /// circuits say otherwise, and the errors of [`OpticalSwitch::circuits`].
    fn connect(&mut self, permit: Permit) -> Result<Circuit, Error>;

    /// Goes safe: opens every circuit and reads back that none is left. Needs no permit.
    ///
    /// # Errors
    /// [`Error::Mismatch`] when circuits are left, and the errors of
    /// [`OpticalSwitch::circuits`].
    fn disconnect_all(&mut self) -> Result<(), Error>;
}

/// Takes the circuit out of a permit for the switch called `name`.
///
/// # Errors
/// [`Error::OutOfEnvelope`] when the permit is for another instrument or another action.
pub fn permitted_circuit(permit: Permit, name: &str) -> Result<Circuit, Error> {
    match permit.action() {
        Action::Connect {
            instrument,
            circuit,
        } if instrument == name => Ok(*circuit),
        other => Err(Error::OutOfEnvelope {
            instrument: name.to_owned(),
            quantity: "permit",
            requested: format!("to connect {name:?}"),
            allowed: format!("{other:?}"),
        }),
    }
}

/// Compares a circuit that was set with the circuits that were read back.
///
/// # Errors
/// [`Error::Mismatch`] when the circuit is not among them.
pub fn verify_circuit(name: &str, set: Circuit, read: &[Circuit]) -> Result<Circuit, Error> {
    if read.contains(&set) {
        return Ok(set);
    }
    let found = read.iter().find(|circuit| circuit.input == set.input);
    Err(Error::Mismatch {
        instrument: name.to_owned(),
        set: format!("input {} to output {}", set.input.0, set.output.0),
        read: match found {
            Some(other) => format!("input {} to output {}", other.input.0, other.output.0),
            None => format!("input {} to nothing", set.input.0),
        },
    })
}
