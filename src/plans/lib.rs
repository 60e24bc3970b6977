//! The readers: from what people and programs write to the command that makes a plan, with a
//! report of what was read, derived, repaired and dropped. Pure: bytes come in, and nothing here
//! knows of a file, a socket, a clock or chance.

mod bundle;
mod draft;
mod error;
mod export;
pub mod fuzz;
mod listing;
mod markdown;
mod outline;
pub mod plain_json;
mod planexe;
mod planted;
mod read;
mod report;
mod sniff;
mod steps;
pub mod structured;
mod text;
mod unzip;
mod words;

pub use bundle::{
    BUNDLE_BYTES_MAX, BUNDLE_FILES_MAX, Bundle, FILE_BYTES_MAX, NAME_BYTES_MAX, is_left_out,
};
pub use error::{ArchiveFault, PlanError};
pub use export::export;
pub use read::{Input, Kind, Options, Reading, Sequencing, read, read_bundle};
pub use report::{Counts, Line, Report};
pub use sniff::Format;
pub use steps::{StepForm, StepsForm};
pub use unzip::{ZIP_BYTES_MAX, ZIP_ENTRIES_MAX, ZIP_RATIO_MAX};
pub use words::first_line;
