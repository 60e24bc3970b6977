//! What the engine costs on top of the archive: commands, replay, decisions, memory. Prints one
//! JSON object a line. Names of parts as arguments measure those only.

mod engine_parts;
mod shared;

use anyhow::Result;
use engine_parts::{commands, decisions, instructions, memory, replay};

const PARTS: [&str; 5] = ["commands", "replay", "decisions", "instructions", "memory"];

#[tokio::main]
async fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().collect();
    if let Some(place) = arguments.iter().position(|argument| argument == "--instructions") {
        return instructions::run(&arguments[place + 1..]);
    }
    let chosen: Vec<&str> = PARTS
        .into_iter()
        .filter(|part| arguments.iter().any(|argument| argument == part))
        .collect();
    for part in if chosen.is_empty() { PARTS.to_vec() } else { chosen } {
        match part {
            "commands" => commands::measure().await?,
            "replay" => replay::measure().await?,
            "decisions" => decisions::measure()?,
            "instructions" => instructions::measure()?,
            _ => memory::measure()?,
        }
    }
    Ok(())
}
