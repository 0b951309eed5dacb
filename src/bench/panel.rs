//! What is plugged into what: the ports of the switch and the routes behind them.

use std::collections::BTreeSet;

use etalon_network::{Avoid, k_shortest_paths};
use etalon_types::{Circuit, Service, SwitchPort, Topology};

use super::BenchError;

/// Shortest routes that are patched for each way of avoiding one link.
const ROUTES: usize = 8;

/// The patch panel: input `i` is the transmitter of the `i`-th service, and every output is one
/// route of one service, patched through the network before the program began.
#[derive(Clone, Debug, PartialEq)]
pub struct PatchPanel {
    services: Vec<String>,
    /// Service and nodes behind each output, output 1 first.
    routes: Vec<(String, Vec<String>)>,
}

impl PatchPanel {
    /// Plans the panel of a network: every service has its own path, and the shortest routes
    /// between its ends with any one link of that path left out.
    ///
    /// # Errors
    /// [`BenchError::Network`] when a path names a node that is not there.
    pub fn of(topology: &Topology) -> Result<Self, BenchError> {
        let mut routes = Vec::new();
        for service in &topology.services {
            let mut known = BTreeSet::new();
            for path in candidates(topology, service)? {
                if known.insert(path.clone()) {
                    routes.push((service.id.clone(), path));
                }
            }
        }
        Ok(Self {
            services: topology.services.iter().map(|s| s.id.clone()).collect(),
            routes,
        })
    }

    /// Returns how many outputs there are.
    pub fn outputs(&self) -> u32 {
        self.routes.len() as u32
    }

    /// Returns the input of a service.
    pub fn input(&self, service: &str) -> Option<SwitchPort> {
        let index = self.services.iter().position(|known| known == service)?;
        Some(SwitchPort(index as u32 + 1))
    }

    /// Returns the service and the nodes behind an output.
    pub fn route(&self, output: SwitchPort) -> Option<(&str, &[String])> {
        let index = (output.0 as usize).checked_sub(1)?;
        self.routes
            .get(index)
            .map(|(service, path)| (service.as_str(), path.as_slice()))
    }

    /// Returns the circuit that sends a service over a path; none when it was not patched.
    pub fn circuit(&self, service: &str, path: &[String]) -> Option<Circuit> {
        let input = self.input(service)?;
        let index = self
            .routes
            .iter()
            .position(|(of, nodes)| of == service && nodes == path)?;
        Some(Circuit {
            input,
            output: SwitchPort(index as u32 + 1),
        })
    }
}

fn candidates(topology: &Topology, service: &Service) -> Result<Vec<Vec<String>>, BenchError> {
    let mut paths = vec![service.path.clone()];
    let (Some(from), Some(to)) = (service.path.first(), service.path.last()) else {
        return Ok(Vec::new());
    };
    for link in topology.links_of(&service.path).unwrap_or_default() {
        let avoid = Avoid {
            links: std::iter::once(link.id.clone()).collect(),
            ..Avoid::default()
        };
        let routes = k_shortest_paths(topology, from, to, ROUTES, &avoid)?;
        paths.extend(routes.into_iter().map(|route| route.nodes));
    }
    Ok(paths)
}
