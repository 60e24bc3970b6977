//! Whether a generation that has caught up holds what it must: it is compared with the live one
//! where the two must be equal, and else with streams that are folded anew.

use super::ProjectorError;
use super::lists::fingerprint;
use super::pack::Member;
use super::refold::{draw, look_up};
use crate::engine::Random;
use crate::store::Store;
use crate::store::views::{Compared, Generation, Verdict, Views};

/// How many streams are folded anew.
const SAMPLE_STREAMS: usize = 32;

/// Compares a generation with the live one; none when the two were apart for a moment.
pub(super) async fn compare(
    store: &Store,
    views: &Views,
    member: &Member,
    live: Option<&Generation>,
) -> Result<Option<Verdict>, ProjectorError> {
    let Some(live) = live else {
        let compared = "there was nothing to compare with".to_owned();
        return Ok(Some(Verdict { compared, is_refused: false }));
    };
    let own = &member.generation;
    let is_same = live.fingerprint == fingerprint(member.window.as_ref());
    if !is_same || live.stopped.is_some() || live.skipped != own.skipped {
        return sample(store, views, member).await.map(Some);
    }
    let numbers = (live.generation, own.generation);
    let compared = views.compare(&own.name, numbers, member.window.tables()).await?;
    Ok(match compared {
        Compared::Apart => None,
        Compared::Equal { rows } => Some(Verdict {
            compared: format!("equal to generation {}: {rows} rows", live.generation),
            is_refused: false,
        }),
        Compared::Different { what, .. } => Some(Verdict {
            compared: format!("differs from generation {}: {what}", live.generation),
            is_refused: true,
        }),
    })
}

/// Folds some streams anew, drawn at random, and looks their rows up.
async fn sample(store: &Store, views: &Views, member: &Member) -> Result<Verdict, ProjectorError> {
    let window = &member.window;
    let frozen = views.freeze(window.name(), member.generation.generation).await?;
    let mut frozen = frozen.ok_or(ProjectorError::Overtaken)?;
    let (random, mut streams, mut rows) = (Random::from_system(), 0_usize, 0_usize);
    let mut difference = None;
    while streams < SAMPLE_STREAMS && difference.is_none() {
        let position = frozen.generation.position;
        let Some(stream) = draw(store, window.as_ref(), position, &random).await? else { break };
        streams += 1;
        difference = look_up(store, &mut frozen, window, &stream, &mut rows).await?;
    }
    frozen.end().await?;
    let refolded = format!("{streams} streams folded anew, {rows} rows");
    Ok(match difference {
        None => Verdict { compared: format!("equal to {refolded}"), is_refused: false },
        Some(what) => {
            Verdict { compared: format!("of {refolded}, one differs: {what}"), is_refused: true }
        }
    })
}
