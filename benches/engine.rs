//! What the engine costs on top of the archive: commands, replay, decisions, memory. Prints one
//! JSON object a line.

mod engine_parts;
mod shared;

use anyhow::Result;
use engine_parts::{commands, decisions, instructions, memory, replay};

#[tokio::main]
async fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().collect();
    if let Some(place) = arguments.iter().position(|argument| argument == "--instructions") {
        return instructions::run(&arguments[place + 1..]);
    }
    commands::measure().await?;
    replay::measure().await?;
    decisions::measure()?;
    instructions::measure()?;
    memory::measure()
}
