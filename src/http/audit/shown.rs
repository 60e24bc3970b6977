//! Checkpoints, proofs and the state of the audit, as they are shown.

use crate::audit::{Checkpoint, Hash, Tile, Verifier, to_hex};
use crate::http::code::Code;
use crate::http::problem::Problem;
use crate::http::schemas::Moment;
use crate::sealer::{Consistency, Inclusion, SealerState};
use crate::store::tree::SignedCheckpoint;
use serde::Serialize;
use utoipa::ToSchema;

/// A signed checkpoint of the log.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Checkpoint)]
pub(super) struct CheckpointShown {
    /// The name of the log.
    origin: String,
    /// How many events it covers.
    size: u64,
    /// The root of the tree over them, in hexadecimal digits.
    root: String,
    /// The signed note (C2SP), which says the same and can be verified.
    note: String,
    /// When this server signed it; not part of what is signed.
    #[schema(value_type = Moment)]
    signed_at: String,
}

impl CheckpointShown {
    pub(super) fn of(signed: SignedCheckpoint) -> Result<Self, Problem> {
        let read = Checkpoint::unverified(&signed.note);
        let Checkpoint { origin, size, root } = read.map_err(|error| {
            tracing::error!(%error, "a stored checkpoint cannot be read");
            Problem::new(Code::Internal, "something is wrong with the server, and in its log")
        })?;
        let signed_at = signed.at.to_string();
        Ok(Self { origin, size, root: to_hex(&root), note: signed.note, signed_at })
    }
}

/// A page of checkpoints.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct CheckpointPage {
    pub(super) checkpoints: Vec<CheckpointShown>,
    /// Where the next page begins; none at the end.
    pub(super) next_after: Option<u64>,
}

/// The public key of the log.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AuditKey)]
pub(super) struct KeyShown {
    /// The name of the log, under which it signs.
    origin: String,
    /// What tells it from other keys of that name.
    key_id: String,
    /// The key as signed notes have it: `<name>+<key id>+<base64>`.
    key: String,
}

impl KeyShown {
    pub(super) fn of(key: &Verifier) -> Self {
        let origin = key.name().to_owned();
        Self { origin, key_id: to_hex(&key.id()), key: key.to_string() }
    }
}

/// A proof that an event is in the log.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = InclusionProof)]
pub(super) struct InclusionShown {
    position: u64,
    /// The size of the tree.
    size: u64,
    /// The leaf hash of the event.
    leaf: String,
    /// The hashes beside the way from the leaf to the root.
    path: Vec<String>,
    /// The root of the tree.
    root: String,
}

impl InclusionShown {
    pub(super) fn of(proof: &Inclusion) -> Self {
        Self {
            position: proof.position.get(),
            size: proof.size,
            leaf: to_hex(&proof.leaf),
            path: hex(&proof.path),
            root: to_hex(&proof.root),
        }
    }
}

/// A proof that the log at one size begins with what it was at a smaller one.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ConsistencyProof)]
pub(super) struct ConsistencyShown {
    from: u64,
    to: u64,
    from_root: String,
    to_root: String,
    path: Vec<String>,
}

impl ConsistencyShown {
    pub(super) fn of(proof: &Consistency) -> Self {
        Self {
            from: proof.from.0,
            to: proof.to.0,
            from_root: to_hex(&proof.from.1),
            to_root: to_hex(&proof.to.1),
            path: hex(&proof.path),
        }
    }
}

/// A tile of the tree.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Tile)]
pub(super) struct TileShown {
    level: u32,
    number: u64,
    /// 256 at most, in hexadecimal digits.
    hashes: Vec<String>,
}

impl TileShown {
    pub(super) fn of(tile: &Tile) -> Self {
        let (level, number) = (tile.key.level, tile.key.number);
        Self { level, number, hashes: hex(&tile.hashes) }
    }
}

/// How the audit stands.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AuditState)]
pub(super) struct StateShown {
    /// The position of the last event in the log.
    position: u64,
    /// Up to where the tree over the log is grown, each event verified on the way.
    grown_to: u64,
    /// Up to where it is signed.
    signed_to: u64,
    /// How many events are not in the tree yet.
    lag_events: u64,
    #[schema(value_type = Option<Moment>)]
    signed_at: Option<String>,
    /// The public key, once something was signed.
    key: Option<String>,
    /// What keeps the server that was asked from going on; none when all is well.
    problem: Option<String>,
    /// What was last compared with the events again, by the server that was asked.
    last_verification: Option<VerificationShown>,
    anchors: Vec<AnchorShown>,
}

/// A part of the tree that was compared with the events again.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AuditVerification)]
struct VerificationShown {
    from_position: u64,
    to_position: u64,
    #[schema(value_type = Moment)]
    at: String,
}

/// A place outside that is told of checkpoints.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AuditAnchor)]
struct AnchorShown {
    name: String,
    /// The size of the last checkpoint that it was told of.
    size: u64,
    #[schema(value_type = Moment)]
    at: String,
    /// Why it could not be told of what followed.
    failure: Option<String>,
}

impl StateShown {
    pub(super) fn of(state: SealerState) -> Self {
        let anchors = state.anchors.into_iter().map(|it| AnchorShown {
            name: it.name,
            size: it.size,
            at: it.at.to_string(),
            failure: it.failure,
        });
        let last_verification = state.looked.map(|it| VerificationShown {
            from_position: it.from.get(),
            to_position: it.to.get(),
            at: it.at.to_string(),
        });
        Self {
            position: state.head.get(),
            grown_to: state.grown_to.get(),
            signed_to: state.checkpoint.as_ref().map_or(0, |it| it.size),
            lag_events: state.head.get().saturating_sub(state.grown_to.get()),
            signed_at: state.checkpoint.map(|it| it.at.to_string()),
            key: state.key,
            problem: state.problem,
            last_verification,
            anchors: anchors.collect(),
        }
    }
}

fn hex(hashes: &[Hash]) -> Vec<String> {
    hashes.iter().map(|hash| to_hex(hash)).collect()
}
