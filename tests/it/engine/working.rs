//! Work: who gets what, in which order, how much at once, and who gets none.

use super::house::{
    House, agent_id, begin, execution, failure, leaf, on_every, pause, profile, simple, title,
};
use crate::store::backend::Backend;
use anyhow::{Result, ensure};
use planexe_ax::domain::agent::AgentCommand;
use planexe_ax::domain::execution::{ExecutionCommand, ReportBody};
use planexe_ax::domain::{ActionName, Priority, TaskDefinition};
use planexe_ax::engine::Work;

fn part(parent: &str, task: &str) -> TaskDefinition {
    TaskDefinition { parent_id: Some(super::house::task_id(parent)), ..leaf(task) }
}

fn with_priority(task: &str, priority: Priority) -> TaskDefinition {
    TaskDefinition { priority, ..leaf(task) }
}

#[tokio::test(flavor = "multi_thread")]
async fn work_goes_by_priority_then_by_age_then_by_the_order_of_the_plan() -> Result<()> {
    on_every(async |house, _| {
        house.register("a", 20).await?;
        house.create(simple("old", 2)).await?;
        house.hands.advance_ms(1);
        let tasks = vec![leaf("n1"), with_priority("h1", Priority::High), leaf("n2")];
        house.create(execution("young", tasks)).await?;
        let mut urgent = execution("urgent", vec![leaf("u1")]);
        urgent.priority = Priority::Critical;
        house.create(urgent).await?;
        let mut got = Vec::new();
        for held in 1..=6 {
            let ids = house.ids("a", held).await?;
            ensure!(ids.len() == usize::try_from(held)?, "{ids:?}");
            got.extend(ids.into_iter().find(|id| !got.contains(id)));
        }
        assert_eq!(got, ["u1", "h1", "t1", "t2", "n1", "n2"]);
        Ok(())
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn several_tasks_at_once_come_in_the_same_order() -> Result<()> {
    let house = House::on(Backend::memory().open().await?, &begin()).await?;
    house.register("a", 20).await?;
    house.create(execution("e", vec![with_priority("h1", Priority::High), leaf("n1")])).await?;
    house.create(execution("f", vec![with_priority("h2", Priority::High), leaf("n2")])).await?;
    let mut ids = house.ids("a", 2).await?;
    ids.sort();
    assert_eq!(ids, ["h1", "h2"]);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn among_equals_an_agent_goes_on_with_the_parts_of_its_task() -> Result<()> {
    on_every(async |house, _| {
        house.register("a", 1).await?;
        house.register("b", 1).await?;
        let tasks = vec![
            leaf("x"),
            part("x", "x1"),
            part("x", "x2"),
            leaf("y"),
            part("y", "y1"),
            part("y", "y2"),
        ];
        house.create(execution("e", tasks)).await?;
        let (first, second) = (house.task("a").await?, house.task("b").await?);
        assert_eq!(first.definition.task_id.as_str(), "x1");
        assert_eq!(second.definition.task_id.as_str(), "x2");
        house.complete("b", &second).await?;
        let third = house.task("b").await?;
        assert_eq!(third.definition.task_id.as_str(), "y1");
        house.complete("b", &third).await?;
        house.complete("a", &first).await?;
        assert_eq!(house.task("b").await?.definition.task_id.as_str(), "y2");
        Ok(())
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn only_agents_that_can_do_a_task_get_it() -> Result<()> {
    on_every(async |house, _| {
        let action = Some(ActionName::parse("send_email")?);
        let able = TaskDefinition { action: action.clone(), ..leaf("able") };
        let role = TaskDefinition { role: Some(title("Writer")), ..leaf("role") };
        let tied = TaskDefinition { agent_id: Some(agent_id("c")), ..leaf("tied") };
        let both = TaskDefinition { agent_id: Some(agent_id("c")), action, ..leaf("both") };
        house.create(execution("e", vec![able, role, tied, both])).await?;
        house.register_as("a", profile(&["send_email"], 9)).await?;
        let mut writer = profile(&["other"], 9);
        writer.role = Some(title("writer"));
        house.register_as("b", writer).await?;
        house.register_as("c", profile(&["other"], 9)).await?;
        assert_eq!(house.ids("a", 9).await?, ["able"]);
        assert_eq!(house.ids("b", 9).await?, ["role"]);
        assert_eq!(house.ids("c", 9).await?, ["tied"]);
        house.agent("c", AgentCommand::Change { profile: profile(&["send_email"], 9) }).await?;
        assert_eq!(house.ids("c", 9).await?, ["tied", "both"]);
        Ok(())
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn what_does_not_suit_an_agent_never_hides_what_does() -> Result<()> {
    let house = House::on(Backend::memory().open().await?, &begin()).await?;
    house.register_as("a", profile(&["other"], 9)).await?;
    for number in 0..80 {
        let action = Some(ActionName::parse("send_email")?);
        let agent_id = Some(agent_id("a"));
        let unfit = TaskDefinition { agent_id, action, ..leaf("unfit") };
        house.create(execution(&format!("e{number}"), vec![unfit])).await?;
    }
    house.hands.advance_ms(1);
    house.create(simple("last", 1)).await?;
    assert_eq!(house.ids("a", 1).await?, ["t1"]);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn asking_again_gives_the_same_lease_again() -> Result<()> {
    on_every(async |house, backend| {
        house.register("a", 1).await?;
        house.create(simple("e", 3)).await?;
        let first = house.task("a").await?;
        for _ in 0..3 {
            assert_eq!(house.tasks("a", 5).await?, std::slice::from_ref(&first));
        }
        let house = house.again(&backend).await?;
        assert_eq!(house.tasks("a", 5).await?, std::slice::from_ref(&first));
        house.complete("a", &first).await?;
        assert_eq!(house.ids("a", 5).await?, ["t2"]);
        house.close().await
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn polls_of_one_agent_at_once_never_exceed_its_slots() -> Result<()> {
    on_every(async |house, _| {
        house.register("a", 3).await?;
        for number in 0..4 {
            house.create(simple(&format!("e{number}"), 3)).await?;
        }
        for _ in 0..4 {
            let polls: Vec<_> = (0..12)
                .map(|_| {
                    let house = house.clone();
                    tokio::spawn(async move { house.poll("a", 9).await })
                })
                .collect();
            for poll in polls {
                drop(poll.await?);
            }
            let held = house.tasks("a", 9).await?;
            assert_eq!(held.len(), 3);
            for task in &held {
                house.complete("a", task).await?;
            }
        }
        Ok(())
    })
    .await
}

async fn gets_none(house: &House, agent: &str, status: &str) -> Result<()> {
    let work = house.poll(agent, 1).await?;
    ensure!(matches!(work, Work::NotNow { status: told } if told == status), "{work:?}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn agents_that_are_away_get_nothing() -> Result<()> {
    on_every(async |house, _| {
        house.create(simple("e", 3)).await?;
        gets_none(&house, "a", "absent").await?;
        house.register("a", 1).await?;
        house.agent("a", AgentCommand::Pause { reason: None }).await?;
        gets_none(&house, "a", "paused").await?;
        house.agent("a", AgentCommand::Resume).await?;
        house.agent("a", AgentCommand::Drain).await?;
        gets_none(&house, "a", "draining").await?;
        house.agent("a", AgentCommand::Resume).await?;
        assert_eq!(house.ids("a", 1).await?, ["t1"]);
        house.agent("a", AgentCommand::Retire { reason: None }).await?;
        gets_none(&house, "a", "retired").await?;
        house.engine.catch_up().await?;
        house.register("b", 1).await?;
        assert_eq!(house.ids("b", 1).await?, ["t1"]);
        Ok(())
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn an_execution_that_is_paused_gives_nothing_out() -> Result<()> {
    on_every(async |house, _| {
        house.register("a", 9).await?;
        house.create(simple("e", 3)).await?;
        assert_eq!(house.ids("a", 1).await?, ["t1"]);
        house.command("e", pause()).await?;
        assert_eq!(house.ids("a", 9).await?, ["t1"]);
        house.command("e", ExecutionCommand::Resume).await?;
        assert_eq!(house.ids("a", 9).await?.len(), 3);
        Ok(())
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn what_ended_leaves_nothing_behind_in_memory() -> Result<()> {
    on_every(async |house, _| {
        house.register("a", 1).await?;
        for name in ["e", "f"] {
            house.create(simple(name, 3)).await?;
            for _ in 0..3 {
                let task = house.task("a").await?;
                house.beat("a", &task.lease).await?;
                house.complete("a", &task).await?;
            }
        }
        house.create(simple("g", 1)).await?;
        let task = house.task("a").await?;
        house.beat("a", &task.lease).await?;
        house.report("a", &task.lease, failure()).await?;
        assert_eq!(house.engine.presence().totals(), (0, 1));
        house.engine.stop().await;
        assert_eq!(house.store.all_lease_presence().await?, []);
        Ok(())
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn strangers_are_not_remembered() -> Result<()> {
    let house = House::on(Backend::memory().open().await?, &begin()).await?;
    for number in 0..50 {
        let stranger = format!("s{number}");
        gets_none(&house, &stranger, "absent").await?;
    }
    assert_eq!(house.engine.presence().totals(), (0, 0));
    house.engine.stop().await;
    assert_eq!(house.store.all_agent_presence().await?, []);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_task_given_back_is_there_for_the_next_at_once() -> Result<()> {
    on_every(async |house, _| {
        house.register("a", 1).await?;
        house.register("b", 1).await?;
        house.create(simple("e", 1)).await?;
        let task = house.task("a").await?;
        assert!(house.tasks("b", 1).await?.is_empty());
        house.report("a", &task.lease, ReportBody::Released { checkpoint: None }).await?;
        let next = house.task("b").await?;
        assert_eq!((next.attempt, next.lease.epoch > task.lease.epoch), (1, true));
        Ok(())
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn many_ready_tasks_for_nobody_do_not_hide_one_for_somebody() -> Result<()> {
    let house = House::on(Backend::memory().open().await?, &begin()).await?;
    house.register("a", 9).await?;
    let role = Some(title("Nobody"));
    let idle = |number| TaskDefinition { role: role.clone(), ..leaf(&format!("n{number}")) };
    let tasks = (0..400).map(idle).chain([leaf("last")]).collect();
    house.create(execution("e", tasks)).await?;
    assert_eq!(house.ids("a", 1).await?, ["last"]);
    Ok(())
}
