//! A simulated pluggable transceiver.

use etalon_types::TransmissionMode;

use crate::envelope::Permit;
use crate::error::Error;
use crate::transceiver::{Transceiver, permitted_mode};

/// What is wrong with a simulated transceiver.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ModuleFault {
    /// Acknowledges a new mode and keeps the old one.
    Stuck,
    /// Refuses a new mode.
    Refuses,
    /// Does not answer.
    Disconnected,
}

/// A simulated transceiver with two modes, PAM-4 and NRZ at the same symbol rate.
#[derive(Clone, Debug)]
pub struct SimulatedTransceiver {
    name: String,
    mode: TransmissionMode,
    fault: Option<ModuleFault>,
}

impl SimulatedTransceiver {
    /// Makes a transceiver that is in `mode`.
    pub fn new(name: &str, mode: TransmissionMode) -> Self {
        Self {
            name: name.to_owned(),
            mode,
            fault: None,
        }
    }

    /// Breaks it, or mends it with `None`. Not part of what a real module has.
    pub fn inject(&mut self, fault: Option<ModuleFault>) {
        self.fault = fault;
    }

    fn command(&mut self, mode: TransmissionMode) -> Result<(), Error> {
        match self.fault {
            None => self.mode = mode,
            Some(ModuleFault::Stuck) => {}
            Some(ModuleFault::Refuses) => {
                return Err(Error::Refused {
                    instrument: self.name.clone(),
                    code: -221,
                    text: "settings conflict".into(),
                });
            }
            Some(ModuleFault::Disconnected) => {
                return Err(Error::Disconnected {
                    instrument: self.name.clone(),
                });
            }
        }
        Ok(())
    }
}

impl Transceiver for SimulatedTransceiver {
    fn name(&self) -> &str {
        &self.name
    }

    fn mode(&mut self) -> Result<TransmissionMode, Error> {
        if self.fault == Some(ModuleFault::Disconnected) {
            return Err(Error::Disconnected {
                instrument: self.name.clone(),
            });
        }
        Ok(self.mode)
    }

    fn set_mode(&mut self, permit: Permit) -> Result<TransmissionMode, Error> {
        let set = permitted_mode(permit, &self.name)?;
        self.command(set)?;
        let read = self.mode()?;
        if read == set {
            return Ok(read);
        }
        Err(Error::Mismatch {
            instrument: self.name.clone(),
            set: set.name().to_owned(),
            read: read.name().to_owned(),
        })
    }
}

#[cfg(test)]
mod tests {
    use etalon_types::TransmissionMode::{NrzAt26G, Pam4At53G};
    use etalon_types::{Action, Approval};

    use super::*;
    use crate::{Envelope, Limits, permit};

    fn allowed(instrument: &str, mode: TransmissionMode) -> Permit {
        let mut envelope = Envelope::default();
        envelope.allow(instrument, Limits::transceiver([Pam4At53G, NrzAt26G]));
        let action = Action::SetMode {
            instrument: instrument.into(),
            mode,
        };
        let approval = Approval {
            proposal: "p".into(),
            by: "policy/rules".into(),
            actions: vec![action.clone()],
            given_s: 0,
            expires_s: 10,
        };
        permit(&envelope, &action, &approval, 5).unwrap()
    }

    #[test]
    fn the_mode_is_set_and_read_back() {
        let mut module = SimulatedTransceiver::new("m", Pam4At53G);
        assert_eq!(module.set_mode(allowed("m", NrzAt26G)).unwrap(), NrzAt26G);
        assert_eq!(module.mode().unwrap(), NrzAt26G);
        let found = module.set_mode(allowed("other", Pam4At53G));
        assert!(matches!(
            found,
            Err(Error::OutOfEnvelope {
                quantity: "permit",
                ..
            })
        ));
        assert_eq!(module.mode().unwrap(), NrzAt26G);
    }

    #[test]
    fn each_fault_is_its_own_error() {
        let mut module = SimulatedTransceiver::new("m", Pam4At53G);
        module.inject(Some(ModuleFault::Stuck));
        let found = module.set_mode(allowed("m", NrzAt26G)).unwrap_err();
        assert_eq!(found.to_string(), "m: set 26g-nrz, read back 53g-pam4");
        module.inject(Some(ModuleFault::Refuses));
        assert!(matches!(
            module.set_mode(allowed("m", NrzAt26G)),
            Err(Error::Refused { .. })
        ));
        module.inject(Some(ModuleFault::Disconnected));
        assert!(matches!(
            module.set_mode(allowed("m", NrzAt26G)),
            Err(Error::Disconnected { .. })
        ));
        assert!(matches!(module.mode(), Err(Error::Disconnected { .. })));
        module.inject(None);
        assert_eq!(module.mode().unwrap(), Pam4At53G);
    }
}
