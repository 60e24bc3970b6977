//! How the door tells that something cannot be read as a plan.

use crate::http::code::Code;
use crate::http::problem::Problem;
use crate::plans::PlanError;

/// What is wrong with a plan, as a problem.
pub(in crate::http) fn refused(error: PlanError) -> Problem {
    let told = error.to_string();
    match error {
        PlanError::Law(rejection) => rejection.into(),
        PlanError::BadJson { pointer, message, .. } => Problem::at(Code::BadJson, pointer, message),
        PlanError::WrongShape { pointer, message } => Problem::at(Code::Invalid, pointer, message),
        PlanError::TooLarge { what: "bytes", .. } => Problem::new(Code::TooLarge, told),
        PlanError::Empty
        | PlanError::TooLarge { .. }
        | PlanError::NotText { .. }
        | PlanError::NotAPlan { .. }
        | PlanError::NoWorkBreakdown { .. }
        | PlanError::Damaged { .. }
        | PlanError::Archive { .. } => Problem::at(Code::Invalid, "", told),
    }
}
