//! `localize`: the link behind a set of degraded services.

use std::time::Instant;

use etalon_agents::answers::ServiceState;
use etalon_diagnosis::mesh;
use etalon_types::{FaultKind, Tool, ToolError};
use serde::Deserialize;
use serde_json::Value;

use super::{Shared, arguments, failed};

#[derive(Deserialize)]
struct Arguments {
    services: Vec<Seen>,
}

#[derive(Deserialize)]
struct Seen {
    service: String,
    state: ServiceState,
    kind: Option<FaultKind>,
}

/// Arguments: `services`, a list of `{ service, state, kind }`. Raises the link's alarm when one
/// link explains everything.
pub struct Localize(pub Shared);

impl Tool for Localize {
    fn name(&self) -> &'static str {
        "localize"
    }

    fn about(&self) -> &'static str {
        "names the link that explains which services are degraded and which are not"
    }

    fn acts(&self) -> bool {
        false
    }

    fn run(&mut self, arguments: &Value) -> Result<Value, ToolError> {
        let name = self.name();
        let began = Instant::now();
        let expected = "services: a list of { service, state, kind }";
        let asked: Arguments = arguments::read(name, expected, arguments)?;
        let states: Vec<_> = asked
            .services
            .into_iter()
            .map(|seen| {
                let kind = seen.kind.unwrap_or(FaultKind::Unknown);
                let state = match seen.state {
                    ServiceState::Healthy => mesh::ServiceState::Healthy,
                    ServiceState::Degraded => mesh::ServiceState::Degraded(kind),
                    ServiceState::Unknown => mesh::ServiceState::Unknown,
                };
                (seen.service, state)
            })
            .collect();
        let mut bench = self.0.borrow_mut();
        let found = mesh::localize(bench.bench().topology(), &states)
            .map_err(|error| failed(name, error))?;
        bench
            .raise_root(&found)
            .map_err(|error| failed(name, error))?;
        let candidates: Vec<_> = found
            .candidates
            .iter()
            .map(|c| format!("{} {:.0} %", c.element, 100.0 * c.confidence))
            .collect();
        bench.stage("localize", began, candidates.join(", "));
        bench.localization = Some(found.clone());
        arguments::answer(name, &found)
    }
}
