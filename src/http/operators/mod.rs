//! What operators and auditors ask for: how the windows stand and how they are made anew, what
//! happened so far in numbers, and the log itself.

mod log;
mod metrics;
mod projections;
mod rebuilds;
pub(super) mod restore;
mod statistics;

use super::App;
use super::code::Code;
use super::problem::Problem;
use crate::engine::EngineError;
use crate::projector::OperatorError;
use std::sync::Arc;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// The operations on how the machine is.
pub(super) fn routes() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new()
        .routes(routes!(metrics::get))
        .routes(routes!(statistics::get))
        .routes(routes!(projections::list))
        .routes(routes!(projections::rebuild))
        .routes(routes!(projections::skip))
        .routes(routes!(rebuilds::get))
        .routes(routes!(rebuilds::steer))
        .routes(routes!(restore::get))
        .routes(routes!(restore::resume))
}

/// The operations on what was recorded.
pub(super) fn audit_routes() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new().routes(routes!(log::list))
}

impl From<OperatorError> for Problem {
    fn from(error: OperatorError) -> Self {
        match error {
            OperatorError::NoSuchWindow { .. } => Self::new(Code::NotFound, error.to_string()),
            OperatorError::NotPossible(why) => Self::new(Code::WrongState, why),
            OperatorError::Rejected(rejection) => rejection.into(),
            OperatorError::Append(error) => EngineError::Append(error).into(),
            OperatorError::Store(error) => error.into(),
        }
    }
}
