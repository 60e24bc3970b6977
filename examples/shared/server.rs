//! A server of its own for an example that finds none.

use anyhow::{Context, Result};
use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

/// This program once more, as a server on a database of its own; both go with this value.
pub(crate) struct OwnServer {
    child: Child,
    pub(crate) address: String,
    folder: PathBuf,
}

impl OwnServer {
    pub(crate) fn start(name: &str) -> Result<Self> {
        let folder = std::env::temp_dir().join(format!("ax-{name}-{}", std::process::id()));
        let mut server = Command::new(std::env::current_exe()?);
        server.args(["serve", "--listen", "127.0.0.1:0", "--log", "error"]);
        server.env_remove("DATABASE_URL").env("AX_DATA_DIR", &folder).env("AX_DEMO", "false");
        server.stdout(Stdio::piped());
        let mut child = server.spawn()?;
        let out = child.stdout.take().context("its output is piped")?;
        let first = BufReader::new(out).lines().next().context("the server says nothing")??;
        let address = first.rsplit("http://").next().unwrap_or_default().to_owned();
        Ok(Self { child, address, folder })
    }
}

impl Drop for OwnServer {
    fn drop(&mut self) {
        let ended = self.child.kill().and_then(|()| self.child.wait());
        let removed = std::fs::remove_dir_all(&self.folder);
        if let Some(error) = ended.err().or(removed.err()) {
            eprintln!("its own server leaves something behind: {error}");
        }
    }
}
