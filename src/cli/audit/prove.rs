//! Proofs, checkpoints and the key: written, and proofs verified again.

use super::verify::read;
use crate::audit::{Checkpoint, ProofFile, Verifier, to_hex, write_line};
use crate::cli::log::{Log, opened};
use crate::cli::out::say;
use crate::exit::{Exit, Failure};
use anyhow::{Context as _, anyhow};
use serde_json::json;
use serde_json::value::RawValue;
use std::path::Path;

/// Prints a proof that was verified.
pub(super) async fn prove(log: &Log, position: u64, size: Option<u64>) -> Result<(), Failure> {
    let signed = match size {
        Some(size) => log.checkpoint(size).await?,
        None => log.newest().await?,
    };
    let found = log.events(position.saturating_sub(1), 1).await?.pop();
    let found = found.filter(|event| event.position.get() == position);
    let none = || anyhow!("there is no event at position {position} that you may see");
    let event = found.ok_or_else(|| Exit::NotPossible.because(none()))?;
    let path = log.inclusion(position, signed.size).await?;
    let mut line = Vec::new();
    write_line(&event.audited(), &mut line);
    let line = String::from_utf8(line).context("an event is a text");
    let line = line.and_then(|line| Ok(RawValue::from_string(line)?));
    let proof = ProofFile::new(line?, &path, signed.note);
    let verified = proof.verify(&log.key().await?);
    verified.map_err(|error| Exit::Tampered.because(error))?;
    say(&serde_json::to_string(&proof).context("a proof is JSON")?)
}

/// Verifies the proof in a file.
pub(super) fn verify(
    path: &Path,
    key: Option<Verifier>,
    known: &[Checkpoint],
    is_json: bool,
) -> Result<(), Failure> {
    let key = key.ok_or_else(|| {
        let told = anyhow!("a proof is verified with the public key of its log: --key");
        Exit::Usage.because(told)
    })?;
    let tampered = |error: anyhow::Error| Exit::Tampered.because(error);
    let proof = ProofFile::read(read(path)?.as_bytes()).map_err(|error| tampered(error.into()))?;
    let (position, checkpoint) = proof.verify(&key).map_err(|error| tampered(error.into()))?;
    let other = known.iter().find(|it| it.size == checkpoint.size && **it != checkpoint);
    if let Some(other) = other {
        let size = other.size;
        return Err(tampered(anyhow!("the checkpoint at {size} is not the one that you kept")));
    }
    let root = to_hex(&checkpoint.root);
    if is_json {
        let told = json!({
            "verified": true,
            "position": position,
            "origin": checkpoint.origin,
            "size": checkpoint.size,
            "root": root,
        });
        return say(&told.to_string());
    }
    say(&format!(
        "verified: the event at position {position} is in {} as it was signed at {} events\n\
         root:     {root}",
        checkpoint.origin, checkpoint.size
    ))
}

/// Prints a checkpoint that was verified.
pub(super) async fn checkpoint(log: &Log, size: Option<u64>, is_json: bool) -> Result<(), Failure> {
    let signed = match size {
        Some(size) => log.checkpoint(size).await?,
        None => log.newest().await?,
    };
    let checkpoint = opened(&signed, &log.key().await?)?;
    if !is_json {
        return say(&signed.note);
    }
    let Checkpoint { origin, size, root } = checkpoint;
    let told = json!({"origin": origin, "size": size, "root": to_hex(&root), "note": signed.note});
    say(&told.to_string())
}

/// Prints the public key.
pub(super) async fn key(log: &Log) -> Result<(), Failure> {
    say(&log.key().await?.to_string())
}
