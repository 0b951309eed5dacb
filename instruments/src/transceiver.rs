//! Pluggable transceivers.

use etalon_types::{Action, TransmissionMode};

use crate::envelope::Permit;
use crate::error::Error;

/// A transceiver whose modulation can be set.
pub trait Transceiver {
    /// Returns its name in the envelope.
    fn name(&self) -> &str;

    /// Reads the mode.
    ///
    /// # Errors
    /// [`Error::Disconnected`], [`Error::Timeout`], [`Error::Desynchronized`].
    fn mode(&mut self) -> Result<TransmissionMode, Error>;

    /// Sets the mode and returns the one that was read back.
    ///
    /// # Errors
    /// [`Error::OutOfEnvelope`] when the permit is for something else, [`Error::Refused`] when the
    /// module says no, [`Error::Mismatch`] when it says yes and reads back another mode, and the
    /// errors of [`Transceiver::mode`].
    fn set_mode(&mut self, permit: Permit) -> Result<TransmissionMode, Error>;
}

/// Takes the mode out of a permit for the transceiver called `name`.
///
/// # Errors
/// [`Error::OutOfEnvelope`] when the permit is for another instrument or another action.
pub fn permitted_mode(permit: Permit, name: &str) -> Result<TransmissionMode, Error> {
    match permit.action() {
        Action::SetMode { instrument, mode } if instrument == name => Ok(*mode),
        other => Err(Error::OutOfEnvelope {
            instrument: name.to_owned(),
            quantity: "permit",
            requested: format!("to set the mode of {name:?}"),
            allowed: format!("{other:?}"),
        }),
    }
}
