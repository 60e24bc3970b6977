//! The laws of plans, whatever commands come in whatever order; circles against a slow oracle.

use super::tests::{LAW, after, id, import, task, title};
use super::{
    AmendPlan, AskGeneration, DecomposeTask, GenerationCommand, ImportPlan, PlanCommand, TASKS_MAX,
    check_tasks,
};
use crate::event::lifecycle::TaskChange;
use crate::event::plan::{GenerationFault, GenerationWishes};
use crate::event::work::DecompositionSource;
use crate::given::{circumstances, keeps_the_laws, larry};
use crate::{
    Budget, Dependency, DependencyType, Priority, Rejection, TaskDefinition, TaskId, Text,
};
use proptest::{collection::vec, prelude::*};
use std::collections::BTreeSet;

proptest! {
    #[test]
    fn a_plan_keeps_the_laws(
        first in prop_oneof![3 => real_import(), 1 => ask_first()],
        commands in vec((command(), circumstances()), 0..25),
        moment in circumstances(),
    ) {
        let commands: Vec<_> = [(first, moment)].into_iter().chain(commands).collect();
        keeps_the_laws(&LAW, &commands);
    }

    #[test]
    fn a_circle_is_found_exactly_when_there_is_one(
        dependencies in vec((0..4_usize, 0..4_usize, kind()), 0..6),
    ) {
        let names = ["a", "a1", "b", "b1"];
        let tasks = names.map(|name| task(name, name.strip_suffix('1')));
        let dependencies: BTreeSet<Dependency> = dependencies
            .into_iter()
            .filter(|(from, to, _)| from / 2 != to / 2)
            .map(|(from, to, kind)| Dependency { kind, ..after(names[from], names[to]) })
            .collect();
        let dependencies: Vec<Dependency> = dependencies.into_iter().collect();
        let found = check_tasks(&tasks, &dependencies);
        prop_assert_eq!(found.is_err(), has_circle(&dependencies), "{:?}", found);
        if let Err(Rejection::Circle { circle }) = found {
            let distinct: BTreeSet<&TaskId> = circle.iter().collect();
            prop_assert!(distinct.len() == circle.len() && circle.len() > 1);
        }
    }
}

#[test]
fn a_circle_of_50000_tasks_is_found_without_running_out_of_stack() {
    let name = |n: usize| format!("t{}", n % TASKS_MAX);
    let tasks: Vec<TaskDefinition> = (0..TASKS_MAX).map(|n| task(&name(n), None)).collect();
    let ring: Vec<Dependency> = (0..TASKS_MAX).map(|n| after(&name(n), &name(n + 1))).collect();
    let rejection = check_tasks(&tasks, &ring).expect_err("the ring is closed");
    let Rejection::Circle { circle } = rejection else { panic!("a circle, not {rejection}") };
    assert_eq!(circle.len(), TASKS_MAX);
    assert_eq!(check_tasks(&tasks, &ring[1..]), Ok(()));
    let more: Vec<TaskDefinition> = tasks.into_iter().chain([task("one_more", None)]).collect();
    assert_eq!(check_tasks(&more, &[]).map_err(|rejection| rejection.code()), Err("invalid"));
}

/// Whether the gate, start or finish of some task comes before itself, by transitive closure. A
/// parent with one part has started when the part has.
fn has_circle(dependencies: &[Dependency]) -> bool {
    let point = |name: &str, end: &str| format!("{end} {name}");
    let mut before: BTreeSet<(String, String)> = BTreeSet::new();
    for name in ["a", "a1", "b", "b1"] {
        before.insert((point(name, "start"), point(name, "finish")));
        before.insert((point(name, "gate"), point(name, "start")));
    }
    for (parent, part) in [("a", "a1"), ("b", "b1")] {
        before.insert((point(parent, "gate"), point(part, "gate")));
        before.insert((point(part, "start"), point(parent, "start")));
        before.insert((point(part, "finish"), point(parent, "finish")));
    }
    for Dependency { from, to, kind, .. } in dependencies {
        let first = if kind.needs_start_only() { "start" } else { "finish" };
        let then = if kind.gates_start() { "gate" } else { "finish" };
        before.insert((point(from.as_str(), first), point(to.as_str(), then)));
    }
    loop {
        let further: Vec<(String, String)> = before
            .iter()
            .flat_map(|(a, b)| before.iter().filter(move |(c, _)| b == c).map(move |d| (a, &d.1)))
            .map(|(a, d)| (a.clone(), d.clone()))
            .collect();
        let known = before.len();
        before.extend(further);
        if before.len() == known {
            return before.iter().any(|(a, b)| a == b);
        }
    }
}

fn kind() -> impl Strategy<Value = DependencyType> {
    prop_oneof![
        Just(DependencyType::FinishToStart),
        Just(DependencyType::StartToStart),
        Just(DependencyType::FinishToFinish),
        Just(DependencyType::StartToFinish),
    ]
}

fn real_import() -> impl Strategy<Value = PlanCommand> {
    prop_oneof![9 => Just(import()), 1 => any_import()]
        .prop_map(|import| PlanCommand::Import(Box::new(import)))
}

fn any_import() -> impl Strategy<Value = ImportPlan> {
    (vec(any_task(), 0..6), any_dependencies()).prop_map(|(tasks, dependencies)| ImportPlan {
        tasks,
        dependencies,
        ..import()
    })
}

fn command() -> impl Strategy<Value = PlanCommand> {
    let archive = prop_oneof![19 => Just(PlanCommand::Assign { agent_id: Some(larry()) }),
        1 => Just(PlanCommand::Archive), 1 => Just(PlanCommand::Delete)];
    prop_oneof![
        1 => real_import(),
        6 => amendment().prop_map(|command| PlanCommand::Amend(Box::new(command))),
        6 => breakdown().prop_map(|command| PlanCommand::Decompose(Box::new(command))),
        2 => vec(breakdown(), 0..3).prop_map(PlanCommand::DecomposeAll),
        4 => (task_id(), any::<bool>()).prop_map(|(task_id, is_approved)| PlanCommand::Review {
            task_id, is_approved, note: None
        }),
        1 => Just(PlanCommand::Assign { agent_id: None }),
        2 => generation().prop_map(PlanCommand::Generate),
        2 => archive,
    ]
}

fn generation() -> impl Strategy<Value = GenerationCommand> {
    let run_id = prop_oneof![Just("run-1"), Just("run-2")];
    prop_oneof![
        run_id.prop_map(|id| GenerationCommand::Start { run_id: title(id) }),
        (0..110_u8).prop_map(|percent| GenerationCommand::Note {
            percent,
            step: None,
            trouble: None
        }),
        any::<bool>().prop_map(|is_resumable| GenerationCommand::Fail {
            fault: GenerationFault::Failed,
            is_resumable,
            message: None
        }),
        Just(GenerationCommand::Cancel),
        Just(GenerationCommand::Stop),
        Just(GenerationCommand::Retry),
        Just(GenerationCommand::Finish(Box::new(import()))),
        Just(ask()),
    ]
}

fn ask() -> GenerationCommand {
    GenerationCommand::Ask(Box::new(AskGeneration {
        plan_id: import().plan_id,
        title: import().title,
        prompt: Text::parse("Prospect").expect("a text"),
        profile: None,
        wishes: GenerationWishes::default(),
        assigned_to: None,
    }))
}

fn ask_first() -> impl Strategy<Value = PlanCommand> {
    Just(PlanCommand::Generate(ask()))
}

fn amendment() -> impl Strategy<Value = AmendPlan> {
    let removed = vec(task_id(), 0..2);
    let changed = vec(any_task().prop_map(|definition| TaskChange { definition }), 0..2);
    (vec(any_task(), 0..3), changed, removed, any_dependencies(), any_dependencies()).prop_map(
        |(added, changed, removed, dependencies_added, dependencies_removed)| AmendPlan {
            added,
            changed,
            removed,
            dependencies_added,
            dependencies_removed,
            reason: None,
        },
    )
}

fn breakdown() -> impl Strategy<Value = DecomposeTask> {
    let source = prop_oneof![Just(DecompositionSource::Rules), Just(DecompositionSource::Person)];
    let parts = vec(prop_oneof![Just("p"), Just("q"), Just("r"), Just("task_1_1_1")], 1..4);
    (task_id(), parts, any::<bool>(), 0..1_100_u16, source).prop_map(
        |(task_id, parts, is_chained, confidence_permille, source)| DecomposeTask {
            subtasks: parts.iter().map(|part| task(part, Some(task_id.as_str()))).collect(),
            dependencies: match is_chained {
                true => parts.windows(2).map(|pair| after(pair[0], pair[1])).collect(),
                false => Vec::new(),
            },
            task_id,
            confidence_permille,
            source,
            notes: None,
            threshold_permille: 700,
            usage: None,
            budget: Budget::default(),
        },
    )
}

fn any_dependencies() -> impl Strategy<Value = Vec<Dependency>> {
    let one = (task_id(), task_id(), kind());
    let one = one.prop_map(|(from, to, kind)| Dependency { from, to, kind, is_implied: false });
    vec(one, 0..2)
}

fn any_task() -> impl Strategy<Value = TaskDefinition> {
    let parent_id = prop::option::weighted(0.7, task_id());
    let priority = prop_oneof![Just(Priority::Normal), Just(Priority::High)];
    (task_id(), parent_id, priority).prop_map(|(task_id, parent_id, priority)| TaskDefinition {
        parent_id,
        priority,
        ..task(task_id.as_str(), None)
    })
}

fn task_id() -> impl Strategy<Value = TaskId> {
    let names: &[&str] = &["phase_1", "task_1_1", "task_1_1_1", "task_1_2", "p", "q", "r", "s"];
    prop::sample::select(names).prop_map(id)
}
