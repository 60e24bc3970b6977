//! The structured JSON of the API, read strictly: what it names must be there, and no dependency
//! is dropped. What is refused is pointed at where it stands.

mod form;
mod places;
mod read;

pub(crate) use form::lasting_ms;
pub use form::{
    DependencyForm, Hours, Lasting, ListedForm, PhaseForm, PlanForm, RetryForm, SubtaskForm,
    TaskForm,
};
pub use read::parts_of;
pub(crate) use read::{read, typed};
