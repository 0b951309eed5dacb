//! The simulated bench: a metro network with one hidden state.
//!
//! [`SimBench`] holds what is really so: a fault on one link, where the light of every service
//! goes, and the mode of every transceiver. Its fields are private. What comes out is what a
//! laboratory would have: captures of a scope ([`SimBench::capture`]), a switch and transceivers
//! behind the traits of `instruments`, and the [`PatchPanel`], which says what fibre is plugged
//! into what port. The truth comes out once, at the end, by [`SimBench::open`], and its hash
//! ([`SimBench::seal`]) can be shown before anything is analyzed.
//!
//! **Simplifications.** One matrix switch stands for the optical cross-connects of all nodes:
//! its inputs are the services' transmitters, and each of its outputs is one route that was
//! patched through the network before the program began. The path model is that of
//! [`etalon_twin::path`]; a capture adds the filters of transmitter and receiver, an 8-bit
//! converter and a clock offset to what arrives.
//!
//! ```
//! use etalon::bench::{Break, Look, SimBench};
//!
//! let bench = SimBench::new(7, Break::None)?;
//! let seal = bench.seal();
//! let capture = bench.capture("svc-01", Look::Survey)?;
//! assert_eq!(capture.waveform.samples().len(), 2 * Look::Survey.symbols());
//! assert_eq!(bench.open().digest(), seal);
//! # Ok::<(), etalon::bench::BenchError>(())
//! ```

mod fault;
mod panel;
mod scope;
mod truth;

use std::sync::atomic::{AtomicU64, Ordering};

use etalon_instruments::simulated::{
    ModuleFault, SimulatedSwitch, SimulatedTransceiver, SwitchFault,
};
use etalon_instruments::{Envelope, Limits, OpticalSwitch, Transceiver};
use etalon_network::metro::dci_metro_14;
use etalon_twin::path::{LinkFault, PathLink, PathModel};
use etalon_types::{Circuit, SwitchPort, Topology, TransmissionMode};

pub use fault::{Break, fresh_seed};
pub use panel::PatchPanel;
pub use scope::{BAUD_HZ, Capture, Look};
pub use truth::{Truth, is_sealed_by};

use crate::apply::Hardware;
use crate::store::Digest;

/// Name of the one switch.
pub const SWITCH: &str = "oxc-1";

/// Why the bench did not answer.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BenchError {
    /// A service that the bench does not have.
    #[error("expected one of {known}, found service {found:?}")]
    NoService {
        /// What was asked for.
        found: String,
        /// What there is.
        known: String,
    },
    /// The light of a service goes nowhere.
    #[error("{service}: expected light at the receiver, found none: input {input} has no circuit")]
    Dark {
        /// The service.
        service: String,
        /// Its input of the switch.
        input: u32,
    },
    /// The network is not usable.
    #[error(transparent)]
    Network(#[from] etalon_network::Error),
    /// An instrument did not answer.
    #[error(transparent)]
    Instrument(#[from] etalon_instruments::Error),
    /// The signal could not be simulated.
    #[error(transparent)]
    Twin(#[from] etalon_twin::Error),
}

/// The hidden state, and the instruments that look at it.
#[derive(Debug)]
pub struct SimBench {
    topology: Topology,
    panel: PatchPanel,
    /// What is wrong, and where: nobody reads it but the physics and [`SimBench::open`].
    truth: Truth,
    model: PathModel,
    switch: SimulatedSwitch,
    modules: Vec<SimulatedTransceiver>,
    /// Captures taken so far of each service: no two have the same noise.
    taken: Vec<AtomicU64>,
}

impl SimBench {
    /// Makes the metro network with 12 services in PAM-4, and breaks it as asked. The same seed
    /// and the same `how` give the same bench and the same captures.
    ///
    /// # Errors
    /// [`BenchError::Network`], which the built-in network does not cause.
    pub fn new(seed: u64, how: Break) -> Result<Self, BenchError> {
        let topology = dci_metro_14();
        let panel = PatchPanel::of(&topology)?;
        let model = PathModel::default();
        let truth = fault::draw(seed, how, &topology, &model);
        let services = topology.services.len() as u32;
        let mut switch = SimulatedSwitch::new(SWITCH, services, panel.outputs());
        let mut modules = Vec::new();
        for service in &topology.services {
            if let Some(circuit) = panel.circuit(&service.id, &service.path) {
                switch.patch(circuit);
            }
            let name = transceiver_name(&service.id);
            modules.push(SimulatedTransceiver::new(
                &name,
                TransmissionMode::Pam4At53G,
            ));
        }
        let taken = topology
            .services
            .iter()
            .map(|_| AtomicU64::new(0))
            .collect();
        Ok(Self {
            topology,
            panel,
            truth,
            model,
            switch,
            modules,
            taken,
        })
    }

    /// Returns the network as it was planned, the services on the paths they were given.
    pub fn topology(&self) -> &Topology {
        &self.topology
    }

    /// Returns what is plugged into what.
    pub fn panel(&self) -> &PatchPanel {
        &self.panel
    }

    /// Returns the model that planners use: it knows nothing of faults.
    pub fn planning_model(&self) -> PathModel {
        self.model
    }

    /// Returns what each instrument of the bench may be told to do.
    pub fn envelope(&self) -> Envelope {
        let mut envelope = Envelope::default();
        let services = self.topology.services.len() as u32;
        envelope.allow(
            SWITCH,
            Limits::switch(1..=services, 1..=self.panel.outputs()),
        );
        for module in &self.modules {
            let modes = [TransmissionMode::Pam4At53G, TransmissionMode::NrzAt26G];
            envelope.allow(module.name(), Limits::transceiver(modes));
        }
        envelope
    }

    /// Breaks the switch, or mends it. Not part of what a real bench has.
    pub fn inject_switch_fault(&mut self, fault: Option<SwitchFault>) {
        self.switch.inject(fault);
    }

    /// Breaks the transceiver of a service, or mends it. Not part of what a real bench has.
    ///
    /// # Errors
    /// [`BenchError::NoService`].
    pub fn inject_module_fault(
        &mut self,
        service: &str,
        fault: Option<ModuleFault>,
    ) -> Result<(), BenchError> {
        let index = self.index(service)?;
        self.modules[index].inject(fault);
        Ok(())
    }

    /// Takes a capture at the far end of a service, over the circuit and in the mode that stand
    /// now, whatever a controller believes.
    ///
    /// # Errors
    /// [`BenchError::NoService`]; [`BenchError::Dark`] when its input has no circuit.
    pub fn capture(&self, service: &str, look: Look) -> Result<Capture, BenchError> {
        let index = self.index(service)?;
        let path = self.lit_path(service)?;
        // A module that does not answer still sends.
        let mut module = self.modules[index].clone();
        module.inject(None);
        let mode = module.mode()?;
        let nth = self.taken[index].fetch_add(1, Ordering::Relaxed);
        let condition = self.model.condition(&self.links(&path), mode);
        scope::capture(self.truth.seed, index as u64, nth, &condition, mode, look)
    }

    /// Returns the SHA-256 of the truth, which may be shown before anything is analyzed.
    pub fn seal(&self) -> Digest {
        self.truth.digest()
    }

    /// Ends the bench and says what was really so.
    pub fn open(self) -> Truth {
        self.truth
    }

    /// Where the light of a service really goes: the mirrors, not what the switch says.
    fn lit_path(&self, service: &str) -> Result<Vec<String>, BenchError> {
        let input = self
            .panel
            .input(service)
            .ok_or_else(|| self.no_service(service))?;
        let mut mirrors = self.switch.clone();
        mirrors.inject(None);
        let circuits = mirrors.circuits()?;
        let lit = circuits.iter().find(|circuit| circuit.input == input);
        lit.and_then(|circuit| self.panel.route(circuit.output))
            .map(|(_, path)| path.to_vec())
            .ok_or(BenchError::Dark {
                service: service.to_owned(),
                input: input.0,
            })
    }

    fn links(&self, path: &[String]) -> Vec<PathLink> {
        let links = self.topology.links_of(path).unwrap_or_default();
        let with_fault = |link: &&etalon_types::Link| PathLink {
            km: link.km,
            fault: if self.truth.link.as_deref() == Some(link.id.as_str()) {
                self.truth.fault
            } else {
                LinkFault::None
            },
        };
        links.iter().map(with_fault).collect()
    }

    fn index(&self, service: &str) -> Result<usize, BenchError> {
        let mut services = self.topology.services.iter();
        services
            .position(|known| known.id == service)
            .ok_or_else(|| self.no_service(service))
    }

    fn no_service(&self, found: &str) -> BenchError {
        let known: Vec<_> = self
            .topology
            .services
            .iter()
            .map(|s| s.id.as_str())
            .collect();
        BenchError::NoService {
            found: found.to_owned(),
            known: known.join(", "),
        }
    }
}

impl Hardware for SimBench {
    fn switch_mut(&mut self, name: &str) -> Option<&mut dyn OpticalSwitch> {
        (name == SWITCH).then_some(&mut self.switch as &mut dyn OpticalSwitch)
    }

    fn transceiver_mut(&mut self, name: &str) -> Option<&mut dyn Transceiver> {
        let found = self
            .modules
            .iter_mut()
            .find(|module| module.name() == name)?;
        Some(found as &mut dyn Transceiver)
    }
}

/// Returns the name of a service's transceiver.
pub fn transceiver_name(service: &str) -> String {
    format!("trx-{service}")
}

/// Returns the path that a service takes according to circuits that were read back.
pub fn path_of<'p>(
    panel: &'p PatchPanel,
    circuits: &[Circuit],
    service: &str,
) -> Option<&'p [String]> {
    let input: SwitchPort = panel.input(service)?;
    let circuit = circuits.iter().find(|circuit| circuit.input == input)?;
    panel.route(circuit.output).map(|(_, path)| path)
}

#[cfg(test)]
mod tests;
