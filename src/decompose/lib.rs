//! Breaks tasks down: by a table of patterns, and by checking what a language model proposes. Pure:
//! what is known of the plan comes in with the question, and nothing here asks anybody.

mod check;
mod clause;
mod draft;
mod facts;
mod fill;
mod guess;
#[cfg(test)]
mod laws;
mod masking;
mod material;
mod model;
mod patterns;
mod planted;
mod proposal;
mod question;
mod rules;
mod scan;
mod table;
#[cfg(test)]
mod tests;
mod words;

pub use check::{ATTEMPTS_MAX, CRITERIA_MAX, Fault, PARAMS_BYTES_MAX, PARTS_MAX, TIMEOUT_MS_MAX};
pub use check::{check, faults_text};
pub use masking::Masking;
pub use material::Material;
pub use model::{Prompt, answer_schema, prompt, read_answer, retry_words};
pub use patterns::{BadPatterns, Patterns, TABLE_BYTES_MAX};
pub use proposal::{Part, Proposal, as_decomposition};
pub use question::{Asked, Question};
pub use rules::decompose;
