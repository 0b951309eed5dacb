//! `observe_links`: which services are inside their limits.

use etalon_agents::answers::{Observed, ObservedService};
use etalon_types::{Tool, ToolError};
use serde_json::Value;

use super::{Shared, arguments, failed, service_state};

/// Answers from the newest survey, and makes one when there is none. Takes no arguments.
pub struct ObserveLinks(pub Shared);

impl Tool for ObserveLinks {
    fn name(&self) -> &'static str {
        "observe_links"
    }

    fn about(&self) -> &'static str {
        "measures every service: state, and bit error ratio before error correction"
    }

    fn acts(&self) -> bool {
        false
    }

    fn run(&mut self, _: &Value) -> Result<Value, ToolError> {
        let mut bench = self.0.borrow_mut();
        if bench.survey.is_empty() {
            bench.monitor().map_err(|e| failed(self.name(), e))?;
        }
        let services = bench
            .survey
            .iter()
            .map(|(service, measured)| ObservedService {
                service: service.clone(),
                state: service_state(measured.report()),
                pre_fec_ber: measured.report().estimates.pre_fec_ber.clone(),
            });
        arguments::answer(
            self.name(),
            &Observed {
                services: services.collect(),
            },
        )
    }
}
