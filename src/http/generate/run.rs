//! A run of the PlanExe that is set up, brought in by its name or its address there.

use crate::domain::event::plan::GenerationFault;
use crate::http::App;
use crate::http::code::Code;
use crate::http::problem::Problem;
use crate::planexe::{BadRun, Fault};
use axum::body::Bytes;
use serde::Deserialize;
use utoipa::ToSchema;

/// How large a body may be that names a run.
const BODY_BYTES_MAX: usize = 4_096;

/// A run of the PlanExe that the server is set up with.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = PlanexeRun)]
pub(in crate::http) struct RunForm {
    /// Its id, or its address there. No other server is asked.
    #[schema(min_length = 1, max_length = 2_048)]
    planexe_run: String,
}

impl RunForm {
    /// The run that a body names; none where it is a plan.
    pub(in crate::http) fn of(body: &[u8]) -> Option<Self> {
        if body.len() > BODY_BYTES_MAX { None } else { serde_json::from_slice(body).ok() }
    }
}

impl App {
    /// Fetches the archive of a run.
    pub(in crate::http) async fn run(&self, form: &RunForm) -> Result<Bytes, Problem> {
        let planexe = self.planexe()?;
        let named = planexe.config().run_named(&form.planexe_run);
        let run_id = named.map_err(|error: BadRun| {
            Problem::at(Code::Invalid, "/planexe_run", error.to_string())
        })?;
        planexe.fetch(&run_id).await.map_err(problem)
    }
}

/// What PlanExe did wrong, as a problem.
fn problem(fault: Fault) -> Problem {
    let code = match fault.kind {
        GenerationFault::Lost => Code::NotFound,
        _passing if fault.is_passing => Code::PlanexeUnreachable,
        GenerationFault::Unreachable
        | GenerationFault::Unauthorized
        | GenerationFault::Credits
        | GenerationFault::Refused
        | GenerationFault::Failed
        | GenerationFault::TimedOut
        | GenerationFault::VersionMismatch
        | GenerationFault::BadAnswer
        | GenerationFault::BadArchive
        | GenerationFault::NoPlan
        | GenerationFault::StoppedThere => Code::PlanexeRefused,
    };
    Problem::new(code, fault.message)
}
