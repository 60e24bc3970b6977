//! A random program of agents, zombies, persons and time, on archives that fail: whatever was
//! acknowledged is stored once, nothing is stored that nobody wanted, and when the faults stop the
//! work is done.

use super::house::{
    House, MINUTE_MS, agent_id, begin, failure, note, pause, report, request, simple, step_by_step,
    workspace,
};
use super::log;
use crate::store::backend::Backend;
use anyhow::{Context, Result, ensure};
use planexe_ax::clock::SimulatedClock;
use planexe_ax::domain::agent::AgentStatus;
use planexe_ax::domain::event::record::Resolution;
use planexe_ax::domain::execution::{
    ExecutionCommand, ExecutionStatus, ReportBody, ResolveBlocker, TaskStatus,
};
use planexe_ax::engine::{EngineError, GrantedTask, Outcome, Random, Request, Work};
use planexe_ax::store::{MemoryFaults, MemoryLog, Store, StoreConfig};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use uuid::Uuid;

const SEEDS: u64 = 200;
const LONG_SEEDS: u64 = 5_000;
const STEPS: u64 = 60;
const AGENTS: [&str; 3] = ["a", "b", "c"];
const EXECUTIONS: [&str; 2] = ["e", "f"];
/// How often an unclear request is repeated before the world counts as broken.
const REPEATS_MAX: u32 = 40;

/// Draws numbers from a seed (SplitMix64).
struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % limit
    }

    fn pick<'a>(&mut self, among: &[&'a str]) -> &'a str {
        let last = u64::try_from(among.len()).expect("few");
        among[usize::try_from(self.below(last)).expect("few")]
    }
}

/// Which faults this seed has; some seeds have none of a kind.
fn faults(dice: &mut Dice) -> MemoryFaults {
    let mut rate = |most: u64| {
        if dice.below(2) == 0 { 0 } else { u16::try_from(dice.below(most)).expect("it is small") }
    };
    MemoryFaults {
        begin_fails: rate(60),
        write_fails: rate(60),
        commit_then_error: rate(120),
        commit_fails: rate(60),
        settle_fails: rate(600),
        read_fails: rate(60),
        seed: dice.below(u64::MAX),
    }
}

/// The world of one seed.
struct World {
    dice: Dice,
    log: MemoryLog,
    hands: Arc<SimulatedClock>,
    houses: Vec<House>,
    grants: Vec<(&'static str, GrantedTask)>,
    acks: BTreeMap<String, Outcome>,
    requests: u64,
}

impl World {
    async fn of(seed: u64) -> Result<Self> {
        let mut dice = Dice(seed);
        let log = MemoryLog::new(Uuid::from_u128(9));
        let hands = begin();
        let mut houses = Vec::new();
        for _ in 0..2 {
            houses.push(open(&log, faults(&mut dice), &hands).await?);
        }
        let (grants, acks) = (Vec::new(), BTreeMap::new());
        Ok(Self { dice, log, hands, houses, grants, acks, requests: 0 })
    }

    fn house(&mut self) -> House {
        let at = self.dice.below(2);
        self.houses[usize::from(at == 1)].clone()
    }

    /// Sends a request under a key of its own until it is answered clearly, at any engine.
    async fn settle(&mut self, request: Request) -> Result<Result<Outcome, EngineError>> {
        self.requests += 1;
        let key = format!("k{}", self.requests);
        for _ in 0..REPEATS_MAX {
            let house = self.house();
            let answer = house.engine.execute(request.clone().with_key(&key, [1; 32])).await;
            match answer {
                Ok(outcome) => {
                    self.acks.insert(key, outcome.clone());
                    return Ok(Ok(outcome));
                }
                Err(EngineError::Rejected(_)) => return Ok(answer),
                Err(
                    EngineError::OutcomeUnknown
                    | EngineError::Append(_)
                    | EngineError::Store(_)
                    | EngineError::Contended { .. },
                ) => {}
                Err(error) => return Err(error).context("an answer that nobody expects"),
            }
        }
        anyhow::bail!("a request stays unclear")
    }

    async fn found(&mut self) -> Result<()> {
        use planexe_ax::domain::agent::AgentCommand;
        use planexe_ax::engine::Command;
        for agent in AGENTS {
            let profile = super::house::profile(&["work"], 2);
            let command = AgentCommand::Register { agent_id: agent_id(agent), profile };
            let mut registering = request(EXECUTIONS[0], pause());
            registering.stream = planexe_ax::domain::StreamName::agent(&agent_id(agent));
            registering.command = Command::Agent(command);
            self.settle(registering).await?.context("registering")?;
        }
        for (name, tasks) in EXECUTIONS.into_iter().zip([4, 6]) {
            let create = Box::new(simple(name, tasks));
            self.settle(request(name, ExecutionCommand::Create(create))).await?.context("made")?;
        }
        Ok(())
    }

    async fn step(&mut self) -> Result<()> {
        match self.dice.below(16) {
            0..=4 => self.poll().await,
            5..=9 => self.report().await,
            10 => self.beat().await,
            11 => {
                let name = self.dice.pick(&EXECUTIONS);
                self.settle(request(name, pause())).await.map(|_| ())
            }
            12 | 13 => {
                let name = self.dice.pick(&EXECUTIONS);
                self.settle(request(name, ExecutionCommand::Resume)).await.map(|_| ())
            }
            14 => {
                let (name, number) = (self.dice.pick(&EXECUTIONS), self.requests);
                self.settle(note(name, &format!("n{number}"))).await.map(|_| ())
            }
            _ => self.time().await,
        }
    }

    async fn poll(&mut self) -> Result<()> {
        let (agent, house) = (self.dice.pick(&AGENTS), self.house());
        let wanted = 1 + u32::from(self.dice.below(2) == 1);
        // A failure may have granted all the same: the agent asks again some time.
        if let Ok(Work::Tasks(tasks)) = house.poll(agent, wanted).await {
            self.grants.extend(tasks.into_iter().map(|task| (agent, task)));
        }
        Ok(())
    }

    /// A report under any lease that was ever given: half of the agents are zombies.
    async fn report(&mut self) -> Result<()> {
        let Some((agent, task)) = self.any_grant() else {
            return Ok(());
        };
        let body = match self.dice.below(5) {
            0 => ReportBody::Started,
            1 => failure(),
            2 => ReportBody::Released { checkpoint: None },
            _ => ReportBody::Completed { output: None },
        };
        let request = report(agent, &task.lease, body);
        self.settle(request).await.map(|_| ())
    }

    async fn beat(&mut self) -> Result<()> {
        let Some((agent, task)) = self.any_grant() else {
            return Ok(());
        };
        let house = self.house();
        drop(house.beat(agent, &task.lease).await);
        Ok(())
    }

    fn any_grant(&mut self) -> Option<(&'static str, GrantedTask)> {
        let count = u64::try_from(self.grants.len()).ok().filter(|count| *count > 0)?;
        let recent = self.dice.below(count.min(4)) + 1;
        let at = count.checked_sub(recent)?;
        self.grants.get(usize::try_from(at).ok()?).cloned()
    }

    async fn time(&mut self) -> Result<()> {
        self.hands.advance_ms(self.dice.below(20 * MINUTE_MS));
        let house = self.house();
        drop(house.engine.run_due().await);
        if self.dice.below(4) == 0 {
            let at = usize::from(self.dice.below(2) == 1);
            let faults = faults(&mut self.dice);
            if let Ok(house) = open(&self.log, faults, &self.hands).await {
                self.houses[at] = house;
            }
        }
        Ok(())
    }

    /// The faults stop; persons clear what stands in the way, and agents work.
    async fn heal(&mut self) -> Result<()> {
        let faults = MemoryFaults { seed: self.dice.below(u64::MAX), ..MemoryFaults::default() };
        let house = open(&self.log, faults, &self.hands).await?;
        self.houses = vec![house.clone(), house.clone()];
        for _ in 0..200 {
            let mut is_done = true;
            for name in EXECUTIONS {
                is_done &= self.clear(&house, name).await?;
            }
            if is_done {
                return Ok(());
            }
            for agent in AGENTS {
                for task in house.tasks(agent, 2).await? {
                    self.settle(report(agent, &task.lease, ReportBody::Completed { output: None }))
                        .await?
                        .context("a live lease's report")?;
                }
                ensure!(house.agent_state(agent).await?.status() == AgentStatus::Active);
            }
            house.pass_ms(5 * MINUTE_MS).await?;
        }
        let left = house.ask("e", |e| format!("{:?} {:?}", e.status(), e.progress())).await?;
        anyhow::bail!("the work is never done: {left}")
    }

    /// Resumes an execution and resolves its blockers; says whether it is complete.
    async fn clear(&mut self, house: &House, name: &str) -> Result<bool> {
        let (status, blockers) =
            house.ask(name, |e| (e.status(), e.blockers().cloned().collect::<Vec<_>>())).await?;
        if status == Some(ExecutionStatus::Paused) {
            self.settle(request(name, ExecutionCommand::Resume)).await?.context("resuming")?;
        }
        for blocker in blockers {
            let resolve = ExecutionCommand::Resolve(Box::new(ResolveBlocker {
                blocker_id: blocker.blocker_id,
                resolution: Resolution::Retry,
                option: None,
                input: None,
                agent_id: None,
                note: None,
            }));
            drop(self.settle(request(name, resolve)).await?);
        }
        Ok(status == Some(ExecutionStatus::Completed))
    }

    /// What was acknowledged is stored once, where it was said to be, and told again when asked.
    async fn check(&mut self) -> Result<()> {
        let house = self.houses[0].clone();
        log::check(&house.store).await?;
        let mut stored = BTreeMap::new();
        for event in log::read(&house.store).await? {
            let twice = stored.insert(event.event_id, (event.position, event.kind.clone()));
            ensure!(twice.is_none(), "an event is stored twice");
        }
        for (key, outcome) in &self.acks {
            for recorded in &outcome.recorded {
                let found = stored.get(&recorded.event_id);
                ensure!(found.is_some_and(|(_, kind)| *kind == recorded.kind), "{key} is lost");
            }
            let last = outcome.recorded.last().and_then(|last| stored.get(&last.event_id));
            ensure!(last.is_none_or(|(at, _)| *at == outcome.position), "{key} is elsewhere");
        }
        let held = house.ask("e", |e| e.progress().counts).await?;
        let running = held.iter().find(|(status, _)| *status == TaskStatus::Running);
        ensure!(running.is_none_or(|(_, count)| *count == 0), "work goes on after the end");
        Ok(())
    }
}

async fn open(log: &MemoryLog, faults: MemoryFaults, hands: &Arc<SimulatedClock>) -> Result<House> {
    let config = StoreConfig { queue_requests_max: 64, ..Backend::memory().config() };
    for tried in 0..REPEATS_MAX {
        let seed = faults.seed.wrapping_add(u64::from(tried));
        let store = Store::memory(log, MemoryFaults { seed, ..faults }, &config);
        let (config, random) = (step_by_step(), Random::from_seed(seed));
        if let Ok(house) = House::seeded(store, hands, config, random).await {
            return Ok(house);
        }
    }
    anyhow::bail!("no engine starts")
}

async fn live(seed: u64) -> Result<()> {
    let mut world = World::of(seed).await?;
    world.found().await?;
    for _ in 0..STEPS {
        world.step().await?;
    }
    world.heal().await?;
    world.check().await
}

async fn live_all(seeds: std::ops::Range<u64>) -> Result<()> {
    for seed in seeds {
        let lived = tokio::time::timeout(Duration::from_secs(120), live(seed)).await;
        lived.context("it hangs").flatten().with_context(|| format!("seed {seed}"))?;
    }
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn whatever_fails_nothing_acknowledged_is_lost_and_the_work_gets_done() -> Result<()> {
    assert_eq!(workspace().as_str(), "acme");
    live_all(0..SEEDS).await
}

#[tokio::test(start_paused = true)]
async fn the_same_in_long_over_thousands_of_seeds() -> Result<()> {
    if std::env::var("AX_TIER").is_ok_and(|tier| tier == "long") {
        return live_all(SEEDS..LONG_SEEDS).await;
    }
    Ok(())
}
