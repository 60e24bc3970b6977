//! Where the PlanExe is that an operator set up: the only server that is ever asked, whatever an
//! answer or a client names.

use url::{Host, Url};

/// How long the name of a run may be.
const RUN_BYTES_MAX: usize = 100;

/// Where PlanExe is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address {
    pub(super) is_https: bool,
    pub(super) host: Host<String>,
    pub(super) port: u16,
    pub(super) authority: String,
    /// What every path begins with; without a slash at its end.
    pub(super) path: String,
}

/// Why an address is none of a PlanExe.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadAddress {
    /// It cannot be read.
    #[error("write an address such as http://127.0.0.1:8001")]
    Unreadable,
    /// It holds a user, a password, a query or a fragment.
    #[error("the address of a PlanExe holds no user, password, query or fragment")]
    Extras,
}

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

impl Address {
    /// Reads an address.
    pub fn parse(text: &str) -> Result<Self, BadAddress> {
        let url = Url::parse(text).map_err(|_| BadAddress::Unreadable)?;
        let has_extras = !url.username().is_empty()
            || url.password().is_some()
            || url.query().is_some()
            || url.fragment().is_some();
        if has_extras {
            return Err(BadAddress::Extras);
        }
        Self::of(&url).ok_or(BadAddress::Unreadable)
    }

    pub(super) fn of(url: &Url) -> Option<Self> {
        let is_https = match url.scheme() {
            "https" => true,
            "http" => false,
            _ => return None,
        };
        let host = url.host()?.to_owned();
        let port = url.port_or_known_default()?;
        let authority = match url.port() {
            Some(port) => format!("{host}:{port}"),
            None => host.to_string(),
        };
        let path = url.path().trim_end_matches('/').to_owned();
        Some(Self { is_https, host, port, authority, path })
    }

    /// Whether both are on the same server.
    pub(super) fn is_same_server(&self, other: &Self) -> bool {
        self.is_https == other.is_https && self.host == other.host && self.port == other.port
    }

    /// Whether what is sent there can be read on the way: plain HTTP to another machine.
    pub fn is_in_the_clear(&self) -> bool {
        let is_here = match &self.host {
            Host::Domain(name) => name == "localhost",
            Host::Ipv4(address) => address.is_loopback(),
            Host::Ipv6(address) => address.is_loopback(),
        };
        !self.is_https && !is_here
    }

    /// The run that is named, by its id or by an address of this PlanExe. Of an address no more
    /// than the id is used.
    pub fn run_named(&self, text: &str) -> Result<String, BadRun> {
        let text = text.trim();
        if !text.contains("://") {
            return if is_run(text) { Ok(text.to_owned()) } else { Err(BadRun::NoRun) };
        }
        let url = Url::parse(text).map_err(|_| BadRun::NoRun)?;
        let named = Self::of(&url).filter(|named| self.is_same_server(named));
        let named = named.ok_or(BadRun::Elsewhere)?;
        let below = named.path.strip_prefix(&self.path).ok_or(BadRun::Elsewhere)?;
        let parts: Vec<&str> = below.split('/').filter(|part| !part.is_empty()).collect();
        let run = match parts.as_slice() {
            ["runs", run] | ["runs", run, "zip" | "report" | "files"] => run,
            ["download", run, _] | ["sse", "plan", run] => run,
            _ => return Err(BadRun::NoRun),
        };
        if is_run(run) { Ok((*run).to_owned()) } else { Err(BadRun::NoRun) }
    }
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
        let here = Address::parse("http://planexe.example:8000/lab/").expect("an address");
        let run = "2f0d9c1e-7a55-4d0b-9c6e-0b8d1c5f4a21";
        for named in [
            run.to_owned(),
            format!("http://planexe.example:8000/lab/runs/{run}"),
            format!("http://planexe.example:8000/lab/runs/{run}/zip"),
            format!("http://planexe.example:8000/lab/download/{run}/run.zip?token=1.x"),
        ] {
            assert_eq!(here.run_named(&named).as_deref(), Ok(run), "{named}");
        }
        for named in [
            format!("https://planexe.example:8000/lab/runs/{run}"),
            format!("http://planexe.example:8001/lab/runs/{run}"),
            format!("http://planexe.example.evil.example:8000/lab/runs/{run}"),
            format!("http://planexe.example:8000@evil.example/lab/runs/{run}"),
            format!("http://planexe.example:8000/other/runs/{run}"),
            "http://169.254.169.254/latest/meta-data".to_owned(),
        ] {
            assert_eq!(here.run_named(&named), Err(BadRun::Elsewhere), "{named}");
        }
        for named in ["", "..", "a/b", "run id", "http://planexe.example:8000/lab/runs/%2e%2e/zip"]
        {
            assert_eq!(here.run_named(named), Err(BadRun::NoRun), "{named}");
        }
    }

    #[test]
    fn an_address_with_a_password_or_a_query_is_none() {
        for text in ["http://u:p@planexe.example", "http://planexe.example?key=1"] {
            assert_eq!(Address::parse(text), Err(BadAddress::Extras), "{text}");
        }
        assert_eq!(Address::parse("ftp://planexe.example"), Err(BadAddress::Unreadable));
        assert!(Address::parse("http://planexe.example").expect("one").is_in_the_clear());
    }
}
