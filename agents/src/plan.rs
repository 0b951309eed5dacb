//! The plan tracking table: what has to be true, who sees to it, and what shows that it is.
//!
//! Rows are worked through in order. A row is done only with evidence and skipped only with a
//! reason, and the whole plan is done only when every row is one of the two. The caller keeps the
//! table: it is plain JSON, and [`PlanTable::from_json`] checks what it reads.

use etalon_types::{PlanRow, RowStatus};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::Error;

/// A plan tracking table (`etalon.plan/1`).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct PlanTable {
    schema: String,
    task: String,
    rows: Vec<PlanRow>,
}

impl PlanTable {
    /// Name and version of the schema.
    pub const SCHEMA: &'static str = "etalon.plan/1";

    /// Makes a plan of open rows, each (goal, owner, tool, completion in percent once it is done).
    pub fn new(task: &str, rows: &[(&str, &str, &str, f64)]) -> Self {
        let row =
            |(index, (goal, owner, tool, percent)): (usize, &(&str, &str, &str, f64))| PlanRow {
                step: index + 1,
                goal: (*goal).to_owned(),
                owner: (*owner).to_owned(),
                tool: (*tool).to_owned(),
                args: Value::Null,
                precondition: match index {
                    0 => "none".to_owned(),
                    before => format!("row {before} is done or skipped"),
                },
                status: RowStatus::Open,
                evidence: None,
                attempt: 0,
                completion_percent: *percent,
            };
        Self {
            schema: Self::SCHEMA.to_owned(),
            task: task.to_owned(),
            rows: rows.iter().enumerate().map(row).collect(),
        }
    }

    /// Reads a stored plan and checks it: rows are numbered from 1, finished ones come first and
    /// have their evidence, and completion does not fall.
    ///
    /// # Errors
    /// [`Error::BadPlan`].
    pub fn from_json(text: &str) -> Result<Self, Error> {
        let bad = |expected: &str, found: String| Error::BadPlan {
            expected: expected.into(),
            found,
        };
        let plan: Self =
            serde_json::from_str(text).map_err(|error| bad(Self::SCHEMA, error.to_string()))?;
        if plan.schema != Self::SCHEMA {
            return Err(bad(Self::SCHEMA, plan.schema));
        }
        let mut percent = 0.0;
        let mut all_finished = true;
        for (index, row) in plan.rows.iter().enumerate() {
            if row.step != index + 1 {
                return Err(bad(
                    &format!("row {}", index + 1),
                    format!("row {}", row.step),
                ));
            }
            if finished(row) && !all_finished {
                return Err(bad(
                    "finished rows first",
                    format!("row {} after an open one", row.step),
                ));
            }
            if finished(row) && !row.evidence.as_ref().is_some_and(tells) {
                return Err(bad(
                    "evidence for a finished row",
                    format!("none for row {}", row.step),
                ));
            }
            if !(percent..=100.0).contains(&row.completion_percent) {
                return Err(bad(
                    &format!("{percent} to 100 %"),
                    row.completion_percent.to_string(),
                ));
            }
            percent = row.completion_percent;
            all_finished &= finished(row);
        }
        Ok(plan)
    }

    /// Returns the rows.
    pub fn rows(&self) -> &[PlanRow] {
        &self.rows
    }

    /// Returns the task that it plans.
    pub fn task(&self) -> &str {
        &self.task
    }

    /// Starts an open or failed row, or starts it over, and counts the attempt.
    ///
    /// # Errors
    /// [`Error::OutOfOrder`] when an earlier row is not finished or this one already is,
    /// [`Error::NoSuchRow`].
    pub fn start(&mut self, step: usize, args: Value) -> Result<(), Error> {
        self.check_turn(step)?;
        let row = self.row(step, &[RowStatus::Open, RowStatus::Failed])?;
        row.status = RowStatus::Running;
        row.args = args;
        row.evidence = None;
        row.attempt += 1;
        Ok(())
    }

    /// Marks a running row as done.
    ///
    /// # Errors
    /// [`Error::NoEvidence`] when `evidence` is null or empty, [`Error::OutOfOrder`] when the row
    /// is not running, [`Error::NoSuchRow`].
    pub fn finish(&mut self, step: usize, evidence: Value) -> Result<(), Error> {
        let row = self.row(step, &[RowStatus::Running])?;
        if !tells(&evidence) {
            return Err(Error::NoEvidence {
                step,
                expected: "evidence",
            });
        }
        row.status = RowStatus::Done;
        row.evidence = Some(evidence);
        Ok(())
    }

    /// Marks an open row as not needed.
    ///
    /// # Errors
    /// [`Error::NoEvidence`] without a reason, [`Error::OutOfOrder`], [`Error::NoSuchRow`].
    pub fn skip(&mut self, step: usize, because: &str) -> Result<(), Error> {
        self.check_turn(step)?;
        let row = self.row(step, &[RowStatus::Open])?;
        if because.trim().is_empty() {
            return Err(Error::NoEvidence {
                step,
                expected: "a reason",
            });
        }
        row.status = RowStatus::Skipped;
        row.evidence = Some(json!({ "not_needed": because }));
        Ok(())
    }

    /// Marks a running row as failed; it can be started again.
    ///
    /// # Errors
    /// [`Error::OutOfOrder`] when the row is not running, [`Error::NoSuchRow`].
    pub fn fail(&mut self, step: usize, because: &str) -> Result<(), Error> {
        let row = self.row(step, &[RowStatus::Running])?;
        row.status = RowStatus::Failed;
        row.evidence = Some(json!({ "failed": because }));
        Ok(())
    }

    /// Says that the plan is done.
    ///
    /// # Errors
    /// [`Error::OpenRows`] while any row is neither done nor skipped.
    pub fn declare_done(&self) -> Result<(), Error> {
        let open: Vec<_> = self
            .rows
            .iter()
            .filter(|row| !finished(row))
            .map(|row| row.step)
            .collect();
        if open.is_empty() {
            Ok(())
        } else {
            Err(Error::OpenRows { open })
        }
    }

    /// Returns the completion of the finished rows in percent. A skipped row counts: it was found
    /// not to be needed.
    pub fn completion_percent(&self) -> f64 {
        let last = self.rows.iter().take_while(|row| finished(row)).last();
        last.map_or(0.0, |row| row.completion_percent)
    }

    fn check_turn(&self, step: usize) -> Result<(), Error> {
        match self
            .rows
            .iter()
            .take(step.saturating_sub(1))
            .find(|row| !finished(row))
        {
            None => Ok(()),
            Some(row) => Err(Error::OutOfOrder {
                step,
                expected: format!("row {} done or skipped", row.step),
                found: format!("{:?}", row.status),
            }),
        }
    }

    fn row(&mut self, step: usize, expected: &[RowStatus]) -> Result<&mut PlanRow, Error> {
        let rows = self.rows.len();
        let row = step
            .checked_sub(1)
            .and_then(|index| self.rows.get_mut(index));
        let row = row.ok_or(Error::NoSuchRow { step, rows })?;
        if expected.contains(&row.status) {
            return Ok(row);
        }
        let (expected, found) = (format!("{expected:?}"), format!("{:?}", row.status));
        Err(Error::OutOfOrder {
            step,
            expected,
            found,
        })
    }
}

fn finished(row: &PlanRow) -> bool {
    matches!(row.status, RowStatus::Done | RowStatus::Skipped)
}

/// Says whether a value holds anything that could be evidence.
fn tells(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::String(text) => !text.trim().is_empty(),
        Value::Array(items) => items.iter().any(tells),
        Value::Object(fields) => fields.values().any(tells),
        Value::Bool(_) | Value::Number(_) => true,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn plan() -> PlanTable {
        PlanTable::new(
            "test",
            &[
                ("a", "x", "t", 40.0),
                ("b", "x", "t", 70.0),
                ("c", "y", "t", 100.0),
            ],
        )
    }

    #[test]
    fn done_needs_evidence() {
        let empty = [
            json!(null),
            json!(""),
            json!(" "),
            json!([]),
            json!({}),
            json!({"a": [null]}),
        ];
        for evidence in empty {
            let mut plan = plan();
            plan.start(1, json!({})).unwrap();
            assert!(matches!(
                plan.finish(1, evidence),
                Err(Error::NoEvidence { .. })
            ));
            assert_eq!(plan.rows()[0].status, RowStatus::Running);
        }
        assert!(matches!(plan().skip(1, " "), Err(Error::NoEvidence { .. })));
    }

    #[test]
    fn rows_go_in_order_and_a_premature_done_is_refused() {
        let mut plan = plan();
        assert!(matches!(
            plan.start(2, json!({})),
            Err(Error::OutOfOrder { .. })
        ));
        assert!(matches!(
            plan.skip(3, "why not"),
            Err(Error::OutOfOrder { .. })
        ));
        assert!(matches!(
            plan.finish(1, json!("x")),
            Err(Error::OutOfOrder { .. })
        ));
        assert!(matches!(
            plan.start(4, json!({})),
            Err(Error::OutOfOrder { .. })
        ));
        assert!(matches!(plan.row(0, &[]), Err(Error::NoSuchRow { .. })));
        plan.start(1, json!({})).unwrap();
        plan.finish(1, json!({"seen": 1})).unwrap();
        assert_eq!(
            plan.declare_done(),
            Err(Error::OpenRows { open: vec![2, 3] })
        );
        plan.start(2, json!({})).unwrap();
        plan.fail(2, "broken").unwrap();
        assert_eq!(plan.completion_percent(), 40.0);
        plan.start(2, json!({})).unwrap();
        assert_eq!(plan.rows()[1].attempt, 2);
        plan.finish(2, json!(7)).unwrap();
        plan.skip(3, "not needed: nothing to lower").unwrap();
        plan.declare_done().unwrap();
        assert_eq!(plan.completion_percent(), 100.0);
    }

    #[test]
    fn a_stored_plan_comes_back_and_a_forged_one_does_not() {
        let mut stored = plan();
        stored.start(1, json!({"a": 1})).unwrap();
        stored.finish(1, json!({"b": 2})).unwrap();
        let text = serde_json::to_string(&stored).unwrap();
        assert_eq!(PlanTable::from_json(&text).unwrap(), stored);
        for (pointer, value) in [
            ("/rows/2/status", json!("done")),
            ("/rows/0/evidence", json!(null)),
            ("/rows/1/step", json!(7)),
            ("/rows/1/completion_percent", json!(10.0)),
            ("/schema", json!("etalon.plan/2")),
            ("/rows", json!("none")),
        ] {
            let mut json = serde_json::to_value(&stored).unwrap();
            *json.pointer_mut(pointer).unwrap() = value;
            let read = PlanTable::from_json(&json.to_string());
            assert!(matches!(read, Err(Error::BadPlan { .. })), "{pointer}");
        }
    }

    proptest! {
        #[test]
        fn prop_no_order_of_calls_ends_a_plan_without_evidence_in_every_row(
            calls in proptest::collection::vec((0usize..5, 0usize..4), 0..40),
        ) {
            let mut plan = plan();
            for (call, step) in calls {
                // Any of these may be refused; the invariant has to hold all the same.
                let _ = match call {
                    0 => plan.start(step, json!({})),
                    1 => plan.finish(step, json!({"seen": true})),
                    2 => plan.finish(step, json!({})),
                    3 => plan.skip(step, "not needed"),
                    _ => plan.fail(step, "failed"),
                };
                let proven = plan.rows().iter().filter(|row| finished(row)).count();
                prop_assert!(plan.rows().iter().filter(|r| finished(r)).all(|r| r.evidence.is_some()));
                prop_assert_eq!(plan.declare_done().is_ok(), proven == 3);
                let text = serde_json::to_string(&plan).unwrap();
                prop_assert_eq!(&PlanTable::from_json(&text).unwrap(), &plan);
            }
        }
    }
}
