//! Commands that come together for one stream: in their order, each by itself, stored together.

use super::house::{note, on_every, pause, request, simple, step_by_step};
use super::log;
use super::together::on_pairs;
use anyhow::{Result, ensure};
use planexe_ax::domain::Rejection;
use planexe_ax::domain::execution::ExecutionCommand;
use planexe_ax::engine::{EngineError, Outcome, Request};

/// More than an engine decides anew when others are faster.
const MANY: usize = 100;

fn notes(count: usize) -> Vec<Request> {
    let keyed = |number: usize| {
        note("e", &format!("note {number}")).with_key(format!("k{number}"), [1; 32])
    };
    (0..count).map(keyed).collect()
}

fn versions(outcomes: Vec<Result<Outcome, EngineError>>) -> Result<Vec<(u64, bool)>> {
    let told = |outcome: Result<Outcome, EngineError>| {
        let outcome = outcome?;
        Ok((outcome.version.get(), outcome.is_repeat))
    };
    outcomes.into_iter().map(told).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn each_of_many_commands_is_answered_by_itself_and_again_as_before() -> Result<()> {
    on_every(async |house, backend| {
        let made = house.create(simple("e", 2)).await?;
        let first = versions(house.engine.execute_all(notes(MANY)).await)?;
        let begin = made.version.get() + 1;
        let wanted: Vec<_> = (begin..).take(MANY).map(|version| (version, false)).collect();
        ensure!(first == wanted, "{first:?}");
        let told: Vec<_> = first.iter().map(|(version, _)| (*version, true)).collect();
        ensure!(versions(house.engine.execute_all(notes(MANY)).await)? == told);
        let house = house.again(&backend).await?;
        ensure!(versions(house.engine.execute_all(notes(MANY)).await)? == told);
        ensure!(log::count(&house.store, "note_added").await? == MANY);
        house.close().await
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_is_refused_or_repeated_holds_up_none_behind_it() -> Result<()> {
    on_every(async |house, _| {
        house.create(simple("e", 2)).await?;
        let known = note("e", "known").with_key("known", [1; 32]);
        house.engine.execute(known.clone()).await?;
        let requests = vec![
            note("e", "one"),
            known.clone(),
            request("e", pause()),
            note("e", "other").with_key("known", [2; 32]),
            note("e", "two"),
            request("e", ExecutionCommand::Resume),
            request("e", ExecutionCommand::Resume),
            known,
            request("e", ExecutionCommand::Cancel { reason: None }),
            request("e", pause()),
            note("e", "three"),
        ];
        let told: Vec<_> = house.engine.execute_all(requests).await.iter().map(word).collect();
        let wanted = [
            "new", "repeated", "new", "reused", "new", "new", "nothing", "repeated", "new",
            "refused", "new",
        ];
        ensure!(told == wanted, "{told:?}");
        let kinds = log::read(&house.store).await?.into_iter().map(|event| event.kind);
        let own: Vec<_> = kinds.rev().take(6).collect();
        ensure!(own.contains(&"execution_cancelled".into()), "{own:?}");
        Ok(())
    })
    .await
}

fn word(outcome: &Result<Outcome, EngineError>) -> &'static str {
    match outcome {
        Ok(outcome) if outcome.is_repeat => "repeated",
        Ok(outcome) if outcome.events.is_empty() => "nothing",
        Ok(_) => "new",
        Err(EngineError::KeyReused) => "reused",
        Err(EngineError::Rejected(Rejection::IllegalMove { .. })) => "refused",
        Err(_) => "another error",
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn commands_that_lost_a_race_together_are_decided_anew_in_their_order() -> Result<()> {
    on_pairs(step_by_step(), async |one, other| {
        one.create(simple("e", 1)).await?;
        for round in 0..20 {
            let text = |name: &str, at: usize| note("e", &format!("{name} {round} {at}"));
            let of = |name: &'static str, count: usize| -> Vec<Request> {
                (0..count).map(|at| text(name, at)).collect()
            };
            // The one does not know of these three: its own fourth would be at their end.
            let unseen = other.engine.execute_all(of("unseen", 3)).await;
            let late = one.engine.execute_all(of("late", 9)).await;
            let (ones, others) = tokio::join!(
                one.engine.execute_all(of("a", 9)),
                other.engine.execute_all(of("b", 5)),
            );
            for told in [unseen, late, ones, others] {
                let told = versions(told)?;
                ensure!(told.is_sorted(), "in their order: {told:?}");
            }
        }
        ensure!(log::count(&one.store, "note_added").await? == 20 * (3 + 9 + 9 + 5));
        Ok(())
    })
    .await
}
