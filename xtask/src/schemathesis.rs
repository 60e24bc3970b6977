//! Asks a running server everything that the API's description allows, and much that it does not:
//! schemathesis, against the program itself, as each role.

use crate::{
    run::{self, cargo, command, succeeds},
    steps::Outcome,
    tools,
};
use anyhow::{Context, bail};
use std::{
    fs,
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
    path::PathBuf,
    process::{Child, Command, Stdio},
};

/// How requests are made up and judged.
const CONFIG: &str = "xtask/schemathesis.toml";
/// How long each role asks, in seconds, in the short form and in the long one.
const SHORT_SECONDS: [(Role, &str); 3] =
    [(Role::Owner, "30"), (Role::Agent, "20"), (Role::Nobody, "10")];
const LONG_SECONDS: [(Role, &str); 3] =
    [(Role::Owner, "1200"), (Role::Agent, "600"), (Role::Nobody, "300")];
const OWNER: &str = r#"{"name":"schemathesis","role":"owner"}"#;
const LARRY: &str = r#"{"agent_id":"agent_larry_001","name":"Larry",
    "capabilities":["send_email","draft_document","make_phone_call"]}"#;

/// Who asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Role {
    Owner,
    Agent,
    Nobody,
}

/// About a minute: what is examined of any change.
pub(crate) fn short() -> anyhow::Result<Outcome> {
    let phases = ["--phases", "examples,coverage,fuzzing", "--max-examples", "10"];
    examine(&SHORT_SECONDS, &phases)
}

/// Every phase and every check.
pub(crate) fn long() -> anyhow::Result<Outcome> {
    let phases = ["--phases", "examples,coverage,fuzzing,stateful", "--checks", "all"];
    examine(&LONG_SECONDS, &phases)
}

fn examine(roles: &[(Role, &str)], how: &[&str]) -> anyhow::Result<Outcome> {
    let Some(schemathesis) = tools::schemathesis() else {
        if std::env::var_os("AX_SCHEMATHESIS").is_some_and(|value| value == "require") {
            bail!("schemathesis is required, and could not be installed");
        }
        eprintln!("NOT EXAMINED: schemathesis is missing, and PyPI cannot be reached");
        return Ok(Outcome::Skipped("no schemathesis, and no PyPI to fetch it".to_owned()));
    };
    if !succeeds(&mut cargo(&["build", "--bin", "ax"]))? {
        return Ok(Outcome::Failed);
    }
    let mut is_clean = true;
    for (role, seconds) in roles {
        // A server for each: what one role made does not change what the next may see.
        let server = Server::start()?;
        let key = server.key(*role);
        eprintln!("\nas {role:?}, for {seconds} seconds at most:");
        let mut st = command(&schemathesis, &["--config-file", CONFIG, "run"]);
        st.arg(format!("http://{}/openapi.json", server.address)).args(how);
        st.args(["--max-time", seconds, "--no-color"]);
        if let Some(key) = key {
            st.arg("-H").arg(format!("Authorization: Bearer {key}"));
        }
        is_clean &= succeeds(&mut st)?;
    }
    Ok(Outcome::of(is_clean))
}

/// A server with keys, on a database of its own; both go with this value.
pub(crate) struct Server {
    child: Child,
    pub(crate) address: String,
    pub(crate) owner: String,
    pub(crate) agent: String,
    folder: PathBuf,
}

impl Server {
    pub(crate) fn start() -> anyhow::Result<Self> {
        let folder = run::target_dir().join(format!("schemathesis-{}", std::process::id()));
        let mut ax = Command::new(run::target_dir().join("debug").join("ax"));
        ax.args(["serve", "--listen", "127.0.0.1:0", "--log", "error"]);
        ax.env_remove("DATABASE_URL")
            .env("AX_DATA_DIR", &folder)
            .env("AX_DEMO", "false")
            // What is asked here is asked faster than an agent may.
            .env("AX_RATES_AGENT_REQUESTS_PER_MINUTE", "0")
            .env("AX_RATES_FAILED_LOGINS_PER_MINUTE", "0")
            .stdout(Stdio::piped());
        let mut child = ax.spawn().context("cannot start ax")?;
        let out = child.stdout.take().context("its output is piped")?;
        let first = BufReader::new(out).lines().next().context("ax says nothing")??;
        let address = first.rsplit("http://").next().unwrap_or_default().to_owned();
        let (owner, agent) = (String::new(), String::new());
        let mut server = Self { child, address, owner, agent, folder };
        server.owner = server.made("/api/keys", OWNER)?;
        server.agent = server.made("/api/agents/register", LARRY)?;
        Ok(server)
    }

    fn key(&self, role: Role) -> Option<&str> {
        match role {
            Role::Owner => Some(&self.owner),
            Role::Agent => Some(&self.agent),
            Role::Nobody => None,
        }
    }

    /// Makes something, and gives the key that came with it.
    fn made(&self, path: &str, body: &str) -> anyhow::Result<String> {
        let bearer = match self.owner.as_str() {
            "" => String::new(),
            owner => format!("Authorization: Bearer {owner}\r\n"),
        };
        let request = format!(
            "POST {path} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n{bearer}\
             Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
            self.address,
            body.len(),
        );
        let mut stream = TcpStream::connect(&self.address)?;
        stream.write_all(request.as_bytes())?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        let key = answer.split(r#""api_key":""#).nth(1).and_then(|rest| rest.split('"').next());
        key.map(str::to_owned).with_context(|| format!("no key came: {answer}"))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let ended = self.child.kill().and_then(|()| self.child.wait());
        if let Some(error) = ended.err().or(fs::remove_dir_all(&self.folder).err()) {
            eprintln!("something stays in {}: {error}", self.folder.display());
        }
    }
}
