//! Promise 21: the same random program has the same outcomes and leaves the same log everywhere.

use super::backend::{Backend, exactly, keyed, stream, writes};
use anyhow::Result;
use planexe_ax::domain::{Timestamp, WorkspaceId};
use planexe_ax::store::{
    EndedLease, Expected, LogFilter, Position, Renewal, Snapshot, Store, StreamCondition, Version,
};
use proptest::prelude::*;
use proptest::test_runner::{Config, FileFailurePersistence, TestRunner};

const PROGRAMS: u32 = 200;

#[derive(Debug, Clone)]
enum Step {
    Append {
        writes: Vec<(u8, Expected, u8)>,
        condition: Option<(u8, Expected)>,
        key: Option<(u8, u8)>,
    },
    Snapshot {
        stream: u8,
        fingerprint: u8,
        version: u64,
    },
    Renew {
        task: u8,
        epoch: u64,
        seen_at: i64,
    },
    Forget {
        task: u8,
        epoch: u64,
    },
}

fn expected() -> impl Strategy<Value = Expected> {
    prop_oneof![
        2 => Just(Expected::Any),
        1 => Just(Expected::NoStream),
        3 => (0..6_u64).prop_map(exactly),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    let writes = prop::collection::vec((0..4_u8, expected(), 0..3_u8), 0..3);
    let condition = prop::option::of((0..4_u8, expected()));
    let key = prop::option::of((0..4_u8, 0..2_u8));
    prop_oneof![
        6 => (writes, condition, key)
            .prop_map(|(writes, condition, key)| Step::Append { writes, condition, key }),
        1 => (0..4_u8, 0..2_u8, 0..5_u64).prop_map(|(stream, fingerprint, version)| {
            Step::Snapshot { stream, fingerprint, version }
        }),
        1 => (0..3_u8, 0..4_u64, 0..50_i64)
            .prop_map(|(task, epoch, seen_at)| Step::Renew { task, epoch, seen_at }),
        1 => (0..3_u8, 0..4_u64).prop_map(|(task, epoch)| Step::Forget { task, epoch }),
    ]
}

fn name(stream: u8) -> String {
    format!("s{stream}")
}

async fn run(store: &Store, workspace: &WorkspaceId, index: u64, step: &Step) -> Result<String> {
    Ok(match step {
        Step::Append { writes: wanted, condition, key } => {
            let names: Vec<String> = wanted.iter().map(|(stream, ..)| name(*stream)).collect();
            let numbered = |count: u8| (0..u64::from(count)).map(|n| index * 10 + n).collect();
            let parts = names.iter().zip(wanted);
            let mut request = writes(
                parts
                    .map(|(name, (_, expected, count))| {
                        (name.as_str(), *expected, numbered(*count))
                    })
                    .collect(),
            );
            request.workspace = workspace.clone();
            request.conditions = condition
                .iter()
                .map(|(looked_at, expected)| StreamCondition {
                    stream: stream(&name(*looked_at)),
                    expected: *expected,
                })
                .collect();
            if let Some((key, hash)) = key {
                request = keyed(request, &format!("k{key}"), *hash);
            }
            format!("{:?}", store.append(request).await)
        }
        Step::Snapshot { stream: of, fingerprint, version } => {
            let snapshot = Snapshot {
                workspace: workspace.clone(),
                stream: stream(&name(*of)),
                fingerprint: [*fingerprint; 16],
                version: Version::new(*version),
                state: vec![*fingerprint; 3],
            };
            format!("{:?}", store.save_snapshot(&snapshot).await)
        }
        Step::Renew { task, epoch, seen_at } => {
            let renewal = Renewal {
                workspace: workspace.clone(),
                agent_id: "worker".to_owned(),
                execution_id: "exec".to_owned(),
                task_id: name(*task),
                epoch: *epoch,
                seen_at: Timestamp::from_unix_ms(*seen_at),
                progress_percent: None,
            };
            format!("{:?}", store.renew(&[renewal]).await)
        }
        Step::Forget { task, epoch } => {
            let ended = EndedLease {
                workspace: workspace.clone(),
                execution_id: "exec".to_owned(),
                task_id: name(*task),
                epoch: *epoch,
            };
            format!("{:?}", store.forget(&[ended]).await)
        }
    })
}

/// Everything that a store holds of a workspace, as text.
async fn dump(store: &Store, workspace: &WorkspaceId, after: Position) -> Result<String> {
    let mut dump = format!("{:?}\n", store.head().await?.position);
    for event in store.read_log(after, &LogFilter::default(), 5000).await? {
        dump += &format!("{event:?}\n");
    }
    let filter = LogFilter { workspace: Some(workspace.clone()), ..LogFilter::default() };
    dump += &format!("{:?}\n", store.read_log(after, &filter, 7).await?);
    for number in 0..4 {
        let key = format!("k{number}");
        dump += &format!("{:?}\n", store.stored_answer(workspace, "agent:a", &key).await?);
        let of = stream(&name(number));
        dump += &format!("{:?}\n", store.read_stream(workspace, &of, Version::new(1), 3).await?);
        for fingerprint in 0..2 {
            let loaded = store.load_snapshot(workspace, &of, [fingerprint; 16]).await?;
            dump += &format!("{loaded:?}\n");
        }
    }
    dump += &format!("{:?}\n", store.lease_presence(workspace, "exec").await?);
    Ok(dump)
}

async fn story(store: &Store, workspace: &WorkspaceId, program: &[Step]) -> Result<String> {
    let after = store.head().await?.position;
    let mut story = String::new();
    for (index, step) in (1..).zip(program) {
        story += &format!("{}\n", run(store, workspace, index, step).await?);
    }
    Ok(story + &dump(store, workspace, after).await?)
}

#[test]
fn the_same_program_tells_the_same_story_on_every_database() -> Result<()> {
    let runtime = tokio::runtime::Runtime::new()?;
    let backends = runtime.block_on(Backend::every())?;
    let mut stores = Vec::new();
    for backend in &backends {
        stores.push(runtime.block_on(backend.open())?);
    }
    let config = Config {
        cases: PROGRAMS,
        failure_persistence: Some(Box::new(FileFailurePersistence::Off)),
        ..Config::default()
    };
    let programs = std::cell::Cell::new(0_u32);
    TestRunner::new(config).run(&prop::collection::vec(step(), 1..20), |program| {
        let number = programs.replace(programs.get() + 1);
        let workspace = WorkspaceId::parse(&format!("w{number}")).expect("it is an id");
        let told: Vec<String> = stores
            .iter()
            .map(|store| runtime.block_on(story(store, &workspace, &program)))
            .collect::<Result<_>>()
            .map_err(|error| TestCaseError::fail(format!("{error:#}")))?;
        for other in &told[1..] {
            prop_assert_eq!(&told[0], other);
        }
        Ok(())
    })?;
    for store in &stores {
        runtime.block_on(store.verify())?;
        runtime.block_on(store.close());
    }
    Ok(())
}
