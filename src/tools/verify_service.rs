//! `verify_service`: a measurement of a service as it runs now.

use std::time::Instant;

use etalon_agents::answers::Verified;
use etalon_types::{Tool, ToolError};
use serde::Deserialize;
use serde_json::Value;

use super::{Shared, arguments, failed};
use crate::bench::{Look, path_of};
use crate::cli::figures::{Notation, figure};

#[derive(Deserialize)]
struct Arguments {
    service: String,
}

/// Arguments: `service`. Captures at length, on whatever path the light takes; an alarm of the
/// service is cleared when it classifies as healthy.
pub struct VerifyService(pub Shared);

impl Tool for VerifyService {
    fn name(&self) -> &'static str {
        "verify_service"
    }

    fn about(&self) -> &'static str {
        "captures a service and measures its bit error ratio on the path it takes now"
    }

    fn acts(&self) -> bool {
        false
    }

    fn run(&mut self, arguments: &Value) -> Result<Value, ToolError> {
        let name = self.name();
        let Arguments { service } = arguments::read(name, "service", arguments)?;
        let mut bench = self.0.borrow_mut();
        let circuits = bench.circuits().map_err(|e| failed(name, e))?;
        let path = path_of(bench.bench().panel(), &circuits, &service).map(<[String]>::to_vec);
        let path = path.ok_or_else(|| failed(name, format!("{service} has no circuit")))?;
        let mut measured = bench
            .measure(std::slice::from_ref(&service), Look::Close)
            .map_err(|e| failed(name, e))?;
        let began = Instant::now();
        let measured = measured
            .pop()
            .ok_or_else(|| failed(name, "nothing was measured"))?;
        let sha256 = bench
            .alarms
            .keep(&measured.capture.waveform)
            .map_err(|e| failed(name, e))?;
        bench
            .report_alarm(&service, &measured)
            .map_err(|e| failed(name, e))?;
        let estimates = &measured.report().estimates;
        let verified = Verified {
            service: service.clone(),
            path,
            mode: measured.capture.mode,
            pre_fec_ber: estimates.pre_fec_ber.clone(),
            snr_db: estimates.snr_db.clone(),
            capture_sha256: Some(sha256),
        };
        let ber = figure(&verified.pre_fec_ber, Notation::Scientific);
        let note = format!("{service} on {}: BER {ber}", verified.path.join("-"));
        bench
            .audit("verified", &verified)
            .map_err(|e| failed(name, e))?;
        bench.verified.insert(service, measured);
        bench.stage("verify", began, note);
        arguments::answer(name, &verified)
    }
}
