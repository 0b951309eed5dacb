//! `classify_links`: what is wrong with services, from a longer capture of each.

use std::time::Instant;

use etalon_agents::answers::{Classified, ClassifiedService};
use etalon_types::{Tool, ToolError};
use serde::Deserialize;
use serde_json::Value;

use super::{Shared, arguments, failed};
use crate::bench::Look;

#[derive(Deserialize)]
struct Arguments {
    services: Vec<String>,
}

/// Arguments: `services`, a list of identifiers.
pub struct ClassifyLinks(pub Shared);

impl Tool for ClassifyLinks {
    fn name(&self) -> &'static str {
        "classify_links"
    }

    fn about(&self) -> &'static str {
        "captures services at length and names what is wrong with each"
    }

    fn acts(&self) -> bool {
        false
    }

    fn run(&mut self, arguments: &Value) -> Result<Value, ToolError> {
        let name = self.name();
        let asked: Arguments = arguments::read(name, "services: a list of names", arguments)?;
        let mut bench = self.0.borrow_mut();
        let measured = bench
            .measure(&asked.services, Look::Close)
            .map_err(|e| failed(name, e))?;
        let began = Instant::now();
        let mut classifications = Vec::new();
        for (service, measured) in asked.services.into_iter().zip(measured) {
            let Some(classification) = measured.report().classification.clone() else {
                return Err(failed(name, format!("{service} was not classified")));
            };
            bench.close.insert(service.clone(), measured);
            classifications.push(ClassifiedService {
                service,
                classification,
            });
        }
        let note = classifications
            .iter()
            .map(|c| {
                let found = &c.classification;
                format!(
                    "{} {} {:.0} %",
                    c.service,
                    found.kind.name(),
                    100.0 * found.confidence
                )
            })
            .collect::<Vec<_>>();
        bench.stage("classify", began, note.join(", "));
        arguments::answer(name, &Classified { classifications })
    }
}
