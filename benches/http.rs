//! What the door costs: the server runs as a process of its own, on the same machine, and is driven
//! by a bounded number of clients with keys. Prints one JSON object a line. Names of parts as
//! arguments measure those only.

mod http_parts;
mod shared;

use anyhow::Result;
use http_parts::{cycles, handover, idle, reports, streams};
use planexe_ax_testkit::{Durability, Server};

const PARTS: [&str; 5] = ["reports", "cycles", "handover", "idle", "streams"];

#[tokio::main]
async fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().collect();
    if let Some(place) = arguments.iter().position(|argument| argument == "--watch") {
        return streams::watch(&arguments[place + 1..]).await;
    }
    let is_chosen = |part: &&str| arguments.iter().any(|argument| argument == part);
    let chosen: Vec<&str> = PARTS.into_iter().filter(is_chosen).collect();
    let server = Server::start(Durability::On)?;
    for part in if chosen.is_empty() { PARTS.to_vec() } else { chosen } {
        match part {
            "reports" => reports::measure(&server).await?,
            "cycles" => cycles::measure(&server).await?,
            "handover" => handover::measure(&server).await?,
            "idle" => idle::measure(&server).await?,
            _ => streams::measure(&server).await?,
        }
    }
    Ok(())
}
