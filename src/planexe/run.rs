//! The runs of the PlanExe that an operator set up: no other server is ever asked, whatever an
//! answer or a client names.

use crate::outbound::Endpoint;
use url::Url;

/// How long the name of a run may be.
const RUN_BYTES_MAX: usize = 100;

/// Why a run cannot be told from what was named.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadRun {
    /// It is the address of something else.
    #[error(
        "this is not an address of the PlanExe that the server is set up with (planexe.url): only \
         its runs are fetched; send the archive of another one as a file"
    )]
    Elsewhere,
    /// It names no run.
    #[error(
        "name a run by its id, as PlanExe shows it, or by its address there, such as \
         …/runs/ID or …/download/ID/run.zip"
    )]
    NoRun,
}

/// The run that is named, by its id or by an address of the PlanExe that is here.
pub(super) fn run_named(here: &Endpoint, text: &str) -> Result<String, BadRun> {
    let text = text.trim();
    if !text.contains("://") {
        return if is_run(text) { Ok(text.to_owned()) } else { Err(BadRun::NoRun) };
    }
    let url = Url::parse(text).map_err(|_| BadRun::NoRun)?;
    let named = Endpoint::of(&url).filter(|named| here.is_same_server(named));
    let named = named.ok_or(BadRun::Elsewhere)?;
    let below = named.path.strip_prefix(&here.path).ok_or(BadRun::Elsewhere)?;
    let parts: Vec<&str> = below.split('/').filter(|part| !part.is_empty()).collect();
    let run = match parts.as_slice() {
        ["runs", run] | ["runs", run, "zip" | "report" | "files"] => run,
        ["download", run, _] | ["sse", "plan", run] => run,
        _ => return Err(BadRun::NoRun),
    };
    if is_run(run) { Ok((*run).to_owned()) } else { Err(BadRun::NoRun) }
}

/// Whether a name is one of a run: it becomes a part of a path, and can lead nowhere else.
pub(super) fn is_run(name: &str) -> bool {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    !name.is_empty() && name.len() <= RUN_BYTES_MAX && name.chars().all(is_plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_is_named_by_its_id_or_by_an_address_of_this_planexe_and_no_other() {
        let here = Endpoint::parse("http://planexe.example:8000/lab/").expect("an address");
        let run = "2f0d9c1e-7a55-4d0b-9c6e-0b8d1c5f4a21";
        for named in [
            run.to_owned(),
            format!("http://planexe.example:8000/lab/runs/{run}"),
            format!("http://planexe.example:8000/lab/runs/{run}/zip"),
            format!("http://planexe.example:8000/lab/download/{run}/run.zip?token=1.x"),
        ] {
            assert_eq!(run_named(&here, &named).as_deref(), Ok(run), "{named}");
        }
        for named in [
            format!("https://planexe.example:8000/lab/runs/{run}"),
            format!("http://planexe.example:8001/lab/runs/{run}"),
            format!("http://planexe.example.evil.example:8000/lab/runs/{run}"),
            format!("http://planexe.example:8000@evil.example/lab/runs/{run}"),
            format!("http://planexe.example:8000/other/runs/{run}"),
            "http://169.254.169.254/latest/meta-data".to_owned(),
        ] {
            assert_eq!(run_named(&here, &named), Err(BadRun::Elsewhere), "{named}");
        }
        for named in ["", "..", "a/b", "run id", "http://planexe.example:8000/lab/runs/%2e%2e/zip"]
        {
            assert_eq!(run_named(&here, named), Err(BadRun::NoRun), "{named}");
        }
    }
}
