//! `propose_reroute`: ranked ways around failed links for one service.

use std::time::Instant;

use etalon_agents::answers::Proposed;
use etalon_diagnosis::gate::rfc3339;
use etalon_network::{Outcome, Request, propose};
use etalon_types::{Tool, ToolError, TransmissionMode};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Shared, arguments, failed};
use crate::apply::now_s;

/// How long a proposal holds, in seconds.
const HOLDS_S: f64 = 600.0;

#[derive(Deserialize)]
struct Arguments {
    incident: String,
    service: String,
    failed_links: Vec<String>,
    modes: Vec<TransmissionMode>,
}

/// Arguments: `incident`, `service`, `failed_links`, `modes` in the order of preference.
pub struct ProposeReroute(pub Shared);

impl Tool for ProposeReroute {
    fn name(&self) -> &'static str {
        "propose_reroute"
    }

    fn about(&self) -> &'static str {
        "proposes patched routes around failed links, with mode, predicted margin and latency"
    }

    fn acts(&self) -> bool {
        false
    }

    fn run(&mut self, arguments: &Value) -> Result<Value, ToolError> {
        let name = self.name();
        let began = Instant::now();
        let expected = "incident, service, failed_links and modes";
        let asked: Arguments = arguments::read(name, expected, arguments)?;
        let mut bench = self.0.borrow_mut();
        // A second request for the same service must not reuse the names of the first.
        let round = bench
            .proposals
            .values()
            .filter(|p| p.service == asked.service)
            .count();
        let prefix = format!("{}-r{round}", asked.service);
        let expires = rfc3339(now_s() + HOLDS_S);
        let request = Request {
            modes: &asked.modes,
            id_prefix: &prefix,
            expires: Some(&expires),
            ..Request::new(&asked.incident, &asked.service, &asked.failed_links)
        };
        let topology = bench.bench().topology();
        let model = bench.bench().planning_model();
        let found = propose(topology, &request, &model).map_err(|error| failed(name, error))?;
        let (proposals, mut rejected) = match found {
            Outcome::Ranked(proposals) => (proposals, Vec::new()),
            Outcome::NoAcceptableRoute { rejected } => {
                let row = |r: etalon_network::Rejected| json!({ "path": r.path, "km": r.km, "margins_db": r.margins_db });
                (Vec::new(), rejected.into_iter().map(row).collect())
            }
        };
        let panel = bench.bench().panel();
        let (patched, loose): (Vec<_>, Vec<_>) = proposals
            .into_iter()
            .partition(|p| panel.circuit(&p.service, &p.path).is_some());
        rejected.extend(
            loose
                .iter()
                .map(|p| json!({ "path": p.path, "why": "not patched" })),
        );
        bench
            .proposals
            .extend(patched.iter().map(|p| (p.id.clone(), p.clone())));
        let note = match patched.first() {
            Some(best) => format!(
                "{}: {} ways, best {} in {}, {:.1} dB predicted",
                asked.service,
                patched.len(),
                best.path.join("-"),
                best.mode.name(),
                best.gsnr_margin_db
            ),
            None => format!("{}: no acceptable route", asked.service),
        };
        bench.stage("propose", began, note);
        let answer = if patched.is_empty() {
            Proposed::NoAcceptableRoute { rejected }
        } else {
            Proposed::Ranked { proposals: patched }
        };
        arguments::answer(name, &answer)
    }
}
