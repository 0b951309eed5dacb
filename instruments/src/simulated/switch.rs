//! A simulated matrix switch.

use std::collections::BTreeMap;

use etalon_types::{Circuit, SwitchPort};

use crate::envelope::Permit;
use crate::error::Error;
use crate::switch::{OpticalSwitch, permitted_circuit, verify_circuit};

/// What is wrong with a simulated switch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SwitchFault {
    /// The connector of this input acknowledges commands and does not move.
    Stuck(SwitchPort),
    /// Every command that would move something is refused.
    Refuses,
    /// Nothing answers.
    Disconnected,
}

/// A simulated matrix switch, in the manner of a beam-steering one: an input that is moved leaves
/// its old output at once, and an output that another input holds is refused with code -200.
///
/// It keeps the circuits that it was told of nowhere but in its own state, which only
/// [`OpticalSwitch::circuits`] shows.
#[derive(Clone, Debug)]
pub struct SimulatedSwitch {
    name: String,
    inputs: u32,
    outputs: u32,
    /// Hidden state: where each input's light goes.
    mirrors: BTreeMap<SwitchPort, SwitchPort>,
    fault: Option<SwitchFault>,
}

impl SimulatedSwitch {
    /// Makes a switch without circuits, with ports numbered from 1.
    pub fn new(name: &str, inputs: u32, outputs: u32) -> Self {
        Self {
            name: name.to_owned(),
            inputs,
            outputs,
            mirrors: BTreeMap::new(),
            fault: None,
        }
    }

    /// Breaks it, or mends it with `None`. Not part of what a real switch has.
    pub fn inject(&mut self, fault: Option<SwitchFault>) {
        self.fault = fault;
    }

    /// Puts a circuit into the hidden state, as a fibre that was patched before the program
    /// began. Not part of what a real switch has.
    pub fn patch(&mut self, circuit: Circuit) {
        self.mirrors.retain(|_, output| *output != circuit.output);
        self.mirrors.insert(circuit.input, circuit.output);
    }

    /// What the firmware does with a command that moves an input to an output or to nowhere.
    /// The acknowledgement says nothing about what moved.
    fn command(&mut self, input: SwitchPort, output: Option<SwitchPort>) -> Result<(), Error> {
        self.reachable()?;
        if self.fault == Some(SwitchFault::Refuses) {
            return Err(self.refused(-284, "program currently running"));
        }
        if input.0 == 0 || input.0 > self.inputs {
            return Err(self.refused(-222, "input port out of range"));
        }
        if let Some(output) = output {
            if output.0 == 0 || output.0 > self.outputs {
                return Err(self.refused(-222, "output port out of range"));
            }
            if self
                .mirrors
                .iter()
                .any(|(other, held)| *held == output && *other != input)
            {
                return Err(self.refused(-200, "output port in use"));
            }
        }
        if self.fault == Some(SwitchFault::Stuck(input)) {
            return Ok(());
        }
        match output {
            Some(output) => self.mirrors.insert(input, output),
            None => self.mirrors.remove(&input),
        };
        Ok(())
    }

    fn reachable(&self) -> Result<(), Error> {
        if self.fault == Some(SwitchFault::Disconnected) {
            return Err(Error::Disconnected {
                instrument: self.name.clone(),
            });
        }
        Ok(())
    }

    fn refused(&self, code: i32, text: &str) -> Error {
        Error::Refused {
            instrument: self.name.clone(),
            code,
            text: text.to_owned(),
        }
    }
}

impl OpticalSwitch for SimulatedSwitch {
    fn name(&self) -> &str {
        &self.name
    }

    fn circuits(&mut self) -> Result<Vec<Circuit>, Error> {
        self.reachable()?;
        Ok(self
            .mirrors
            .iter()
            .map(|(&input, &output)| Circuit { input, output })
            .collect())
    }

    fn connect(&mut self, permit: Permit) -> Result<Circuit, Error> {
        let circuit = permitted_circuit(permit, &self.name)?;
        self.command(circuit.input, Some(circuit.output))?;
        let read = self.circuits()?;
        verify_circuit(&self.name, circuit, &read)
    }

    fn disconnect_all(&mut self) -> Result<(), Error> {
        for circuit in self.circuits()? {
            self.command(circuit.input, None)?;
        }
        let left = self.circuits()?;
        if left.is_empty() {
            return Ok(());
        }
        Err(Error::Mismatch {
            instrument: self.name.clone(),
            set: "no circuits".into(),
            read: format!(
                "{} circuit(s), the first from input {}",
                left.len(),
                left[0].input.0
            ),
        })
    }
}

#[cfg(test)]
mod tests {
    use etalon_types::{Action, Approval, TransmissionMode};
    use proptest::prelude::*;

    use super::*;
    use crate::{Envelope, Limits, permit};

    fn circuit(input: u32, output: u32) -> Circuit {
        Circuit {
            input: SwitchPort(input),
            output: SwitchPort(output),
        }
    }

    /// Permits a connection on an instrument whose envelope allows every port up to 99.
    fn allowed(instrument: &str, circuit: Circuit) -> Permit {
        let mut envelope = Envelope::default();
        envelope.allow(instrument, Limits::switch(0..100, 0..100));
        let action = Action::Connect {
            instrument: instrument.into(),
            circuit,
        };
        let approval = Approval {
            proposal: "p".into(),
            by: "person/tester".into(),
            actions: vec![action.clone()],
            given_s: 0,
            expires_s: 10,
        };
        permit(&envelope, &action, &approval, 5).unwrap()
    }

    #[test]
    fn a_circuit_is_made_moved_and_read_back() {
        let mut switch = SimulatedSwitch::new("s", 4, 4);
        assert_eq!(
            switch.connect(allowed("s", circuit(1, 2))).unwrap(),
            circuit(1, 2)
        );
        assert_eq!(
            switch.connect(allowed("s", circuit(1, 3))).unwrap(),
            circuit(1, 3)
        );
        assert_eq!(
            switch.connect(allowed("s", circuit(2, 2))).unwrap(),
            circuit(2, 2)
        );
        assert_eq!(switch.circuits().unwrap(), [circuit(1, 3), circuit(2, 2)]);
        switch.disconnect_all().unwrap();
        assert!(switch.circuits().unwrap().is_empty());
    }

    #[test]
    fn a_stuck_connector_acknowledges_and_is_found_out() {
        let mut switch = SimulatedSwitch::new("s", 4, 4);
        switch.patch(circuit(1, 2));
        switch.inject(Some(SwitchFault::Stuck(SwitchPort(1))));
        let error = switch.connect(allowed("s", circuit(1, 3))).unwrap_err();
        assert_eq!(
            error,
            Error::Mismatch {
                instrument: "s".into(),
                set: "input 1 to output 3".into(),
                read: "input 1 to output 2".into(),
            }
        );
        // The old circuit is still there, another input moves, and going safe cannot lie.
        assert!(switch.connect(allowed("s", circuit(2, 4))).is_ok());
        assert!(matches!(
            switch.disconnect_all(),
            Err(Error::Mismatch { .. })
        ));
        switch.inject(None);
        switch.disconnect_all().unwrap();
    }

    #[test]
    fn refusals_and_a_dead_line_are_told_apart() {
        let mut switch = SimulatedSwitch::new("s", 4, 4);
        switch.patch(circuit(1, 2));
        for (wanted, code) in [
            (circuit(5, 1), -222),
            (circuit(1, 5), -222),
            (circuit(0, 1), -222),
            (circuit(3, 2), -200),
        ] {
            let found = switch.connect(allowed("s", wanted));
            assert!(
                matches!(found, Err(Error::Refused { code: c, .. }) if c == code),
                "{found:?}"
            );
        }
        switch.inject(Some(SwitchFault::Refuses));
        let found = switch.connect(allowed("s", circuit(1, 3)));
        assert!(matches!(found, Err(Error::Refused { code: -284, .. })));
        assert_eq!(switch.circuits().unwrap(), [circuit(1, 2)]);
        switch.inject(Some(SwitchFault::Disconnected));
        let gone = Error::Disconnected {
            instrument: "s".into(),
        };
        assert_eq!(switch.circuits().unwrap_err(), gone);
        assert_eq!(
            switch.connect(allowed("s", circuit(1, 3))).unwrap_err(),
            gone
        );
        assert_eq!(switch.disconnect_all().unwrap_err(), gone);
    }

    #[test]
    fn a_permit_for_something_else_opens_nothing() {
        let mut switch = SimulatedSwitch::new("s", 4, 4);
        let found = switch.connect(allowed("other", circuit(1, 2)));
        assert!(matches!(
            found,
            Err(Error::OutOfEnvelope {
                quantity: "permit",
                ..
            })
        ));
        let mut envelope = Envelope::default();
        envelope.allow("s", Limits::transceiver([TransmissionMode::NrzAt26G]));
        let action = Action::SetMode {
            instrument: "s".into(),
            mode: TransmissionMode::NrzAt26G,
        };
        let approval = Approval {
            proposal: "p".into(),
            by: "person/tester".into(),
            actions: vec![action.clone()],
            given_s: 0,
            expires_s: 10,
        };
        let found = switch.connect(permit(&envelope, &action, &approval, 5).unwrap());
        assert!(matches!(
            found,
            Err(Error::OutOfEnvelope {
                quantity: "permit",
                ..
            })
        ));
        assert!(switch.circuits().unwrap().is_empty());
    }

    proptest! {
        #[test]
        fn prop_what_connect_returns_is_what_stands(
            moves in proptest::collection::vec((0u32..6, 0u32..6), 0..40), stuck in 0u32..6,
        ) {
            let mut switch = SimulatedSwitch::new("s", 4, 4);
            switch.inject(Some(SwitchFault::Stuck(SwitchPort(stuck))));
            for (input, output) in moves {
                let before = switch.circuits().unwrap();
                let result = switch.connect(allowed("s", circuit(input, output)));
                let after = switch.circuits().unwrap();
                match result {
                    Ok(made) => prop_assert!(after.contains(&made)),
                    // Neither a refusal nor a stuck connector may have moved anything.
                    Err(_) => prop_assert_eq!(&after, &before),
                }
                let outputs: std::collections::BTreeSet<_> =
                    after.iter().map(|circuit| circuit.output).collect();
                prop_assert_eq!(outputs.len(), after.len());
            }
        }
    }
}
