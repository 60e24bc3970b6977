//! Carries plans out by the tools of agents, with the official client of the Model Context Protocol
//! against the program itself.

use crate::{
    run::{cargo, command, succeeds, target_dir},
    schemathesis::Server,
    steps::Outcome,
    tools,
};

/// What the client does.
const SCENARIO: &str = "xtask/mcp_sdk.py";

/// Runs the scenario, where the client can be installed.
pub(crate) fn step() -> anyhow::Result<Outcome> {
    let Some(python) = tools::mcp_sdk() else {
        return Ok(Outcome::Skipped("no client of MCP, and no PyPI to fetch it".to_owned()));
    };
    if !succeeds(&mut cargo(&["build", "--bin", "ax"]))? {
        return Ok(Outcome::Failed);
    }
    let server = Server::start()?;
    let program = target_dir().join("debug").join("ax");
    let mut scenario = command(python, &["-B", SCENARIO]);
    scenario.arg(format!("http://{}", server.address)).arg(program);
    scenario.env("AX_OWNER_KEY", &server.owner).env("AX_AGENT_KEY", &server.agent);
    Ok(Outcome::of(succeeds(&mut scenario)?))
}
