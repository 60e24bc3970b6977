//! Verifies the log where it is: its batches, its events, its tree, and every checkpoint that was
//! signed of it.

use crate::audit::{Checkpoint, Span, Verifier, Walk, to_hex};
use crate::cli::log::{Log, Piece, opened};
use crate::cli::out::say;
use crate::clock::Clock;
use crate::exit::{Exit, Failure};
use crate::store::{Store, VerifyError};
use anyhow::anyhow;
use serde_json::json;

/// Verifies the log, and says what was found.
pub(super) async fn verify(
    mut log: Log,
    key: Option<Verifier>,
    known: &[Checkpoint],
    is_json: bool,
) -> Result<(), Failure> {
    let begun = Clock::System.now();
    let walked = walk(&mut log, key, known).await;
    log.close().await;
    let (checkpoint, checkpoints) = walked?;
    let took_ms = Clock::System.now().ms_since(begun).max(1);
    let rate = checkpoint.size.saturating_mul(1_000) / took_ms;
    let Checkpoint { origin, size, root } = &checkpoint;
    let root = to_hex(root);
    if is_json {
        let told = json!({
            "verified": true,
            "origin": origin,
            "events": size,
            "checkpoints": checkpoints,
            "root": root,
            "duration_ms": took_ms,
            "events_per_second": rate,
        });
        return say(&told.to_string());
    }
    say(&format!(
        "verified: {size} events of {origin}, {checkpoints} checkpoints\nroot:     {root}\n\
         rate:     {rate} events a second"
    ))
}

async fn walk(
    log: &mut Log,
    key: Option<Verifier>,
    known: &[Checkpoint],
) -> Result<(Checkpoint, u64), Failure> {
    if let Log::House(house) = &*log {
        verify_batches(&house.store).await?;
    }
    let newest = log.newest().await?;
    let pinned = log.key().await?;
    if key.as_ref().is_some_and(|key| *key != pinned) {
        let told = anyhow!("the log is signed with {pinned}, which is not the key that you trust");
        return Err(Exit::Tampered.because(told));
    }
    let newest = opened(&newest, &pinned)?;
    let mut course = Course { walk: Walk::default(), key: pinned, known, next: Vec::new(), met: 0 };
    while course.walk.size() < newest.size {
        for piece in log.pieces(course.walk.size(), newest.size).await? {
            course.take(&piece)?;
            course.meet(log).await?;
        }
    }
    course.end(log, &newest).await?;
    Ok((newest, course.met))
}

async fn verify_batches(store: &Store) -> Result<(), Failure> {
    store.verify().await.map(drop).map_err(|error| match error {
        VerifyError::Store(error) => crate::cli::open::refusal(error.into()),
        VerifyError::Damaged { .. } | VerifyError::Answer { .. } => {
            Exit::Tampered.because(anyhow!("the log does not verify: {error}"))
        }
    })
}

/// The log as far as it was gone through.
struct Course<'a> {
    walk: Walk,
    key: Verifier,
    known: &'a [Checkpoint],
    /// The checkpoints that were read and not come to yet, the largest first.
    next: Vec<Checkpoint>,
    met: u64,
}

impl Course<'_> {
    fn take(&mut self, piece: &Piece) -> Result<(), Failure> {
        let position = self.walk.size() + 1;
        let taken = match piece {
            Piece::Event(event) => self.walk.take(&event.audited(), &event.leaf_hash),
            Piece::Hidden { position, hash } => self.walk.take_hidden(*position, *hash),
        };
        taken.map_err(|damage| tampered(format!("position {position}: {damage}")))
    }

    /// Compares what was gone through with the checkpoints at this size.
    async fn meet(&mut self, log: &Log) -> Result<(), Failure> {
        let size = self.walk.size();
        if self.next.is_empty() {
            let page = log.checkpoints(size - 1).await?;
            let page = page.iter().rev().map(|signed| opened(signed, &self.key));
            self.next = page.collect::<Result<_, _>>()?;
        }
        if let Some(met) = self.next.pop_if(|next| next.size <= size) {
            self.compare(&met)?;
            self.met += 1;
        }
        while let Some((first, rest)) = self.known.split_first()
            && first.size <= size
        {
            self.compare(first)?;
            self.known = rest;
        }
        Ok(())
    }

    fn compare(&self, signed: &Checkpoint) -> Result<(), Failure> {
        let size = signed.size;
        if signed.origin != self.key.name() {
            return Err(tampered(format!("the checkpoint at {size} is of {}", signed.origin)));
        }
        if size == self.walk.size() && signed.root == self.walk.root() {
            return Ok(());
        }
        let told = format!("position {size}: the checkpoint there was signed over other events");
        Err(tampered(told))
    }

    async fn end(&self, log: &Log, newest: &Checkpoint) -> Result<(), Failure> {
        if let Some(known) = self.known.first() {
            let (size, known) = (newest.size, known.size);
            return Err(tampered(format!(
                "the log went backwards: it ends at {size}, but you kept a checkpoint at {known}"
            )));
        }
        let Log::House(house) = log else { return Ok(()) };
        let whole = Span { from: 0, to: newest.size };
        let tiles = house.sealer.tree().tiles_of(&[whole]).await;
        let tiles = tiles.map_err(|error| crate::cli::open::refusal(error.into()))?;
        match tiles.root(whole) {
            Ok(root) if root == newest.root => Ok(()),
            Ok(_) | Err(_) => {
                Err(tampered("the stored tree is not the one that was signed".into()))
            }
        }
    }
}

fn tampered(told: String) -> Failure {
    Exit::Tampered.because(anyhow!("the log does not verify: {told}"))
}
