//! The plan of the story, read from a few lines of text.

use anyhow::{Context, Result};
use planexe_ax::domain::event::agent::{AgentKind, AgentProfile, Capability};
use planexe_ax::domain::event::plan::PlanSource;
use planexe_ax::domain::plan::ImportPlan;
use planexe_ax::domain::{
    ActionName, Dependency, DependencyType, PlanId, TaskDefinition, TaskId, TaskKind, Text, Title,
};

const LINES: &str = include_str!("prospecting.txt");

/// The prospecting plan, under that id.
pub(crate) fn prospecting(plan_id: &PlanId) -> Result<ImportPlan> {
    let (mut goal, mut tasks, mut dependencies) = (None, Vec::new(), Vec::new());
    for line in LINES.lines() {
        let (word, rest) = line.split_once(' ').context("a line begins with a word")?;
        if word == "goal" {
            goal = Some(Text::parse(rest.trim())?);
            continue;
        }
        let (said, after) = rest.split_once(" < ").unwrap_or((rest, ""));
        let task = read_task(word, said.trim())?;
        for from in after.split_whitespace() {
            dependencies.push(Dependency {
                from: TaskId::parse(from)?,
                to: task.task_id.clone(),
                kind: DependencyType::FinishToStart,
                is_implied: false,
            });
        }
        tasks.push(task);
    }
    Ok(ImportPlan {
        plan_id: plan_id.clone(),
        title: Title::parse("Prospect dog breeders, close 3 deals")?,
        goal,
        source: PlanSource {
            format: Title::parse("outline")?,
            content_hash: None,
            source_id: None,
        },
        roles: Vec::new(),
        risks: Vec::new(),
        assigned_to: None,
        tasks,
        dependencies,
        report: None,
        metadata: None,
    })
}

fn read_task(word: &str, said: &str) -> Result<TaskDefinition> {
    let (id, rest) = said.split_once(' ').context("an id comes first")?;
    let mut task = TaskDefinition::new(TaskId::parse(id)?, Title::parse("to be named")?);
    let title = match word {
        "phase" => {
            task.kind = TaskKind::Phase;
            rest
        }
        "part" => {
            let (action, title) = rest.trim().split_once(' ').context("an action, then a title")?;
            task.kind = TaskKind::Subtask;
            task.action = Some(ActionName::parse(action)?);
            title
        }
        _ => rest,
    };
    task.title = Title::parse(title.trim())?;
    task.parent_id = parent_of(word, id)?;
    Ok(task)
}

/// `task_1_2_3` is a part of `task_1_2`, which is a part of `phase_1`.
fn parent_of(word: &str, id: &str) -> Result<Option<TaskId>> {
    let parent = match word {
        "part" => id.rsplit_once('_').map(|(parent, _)| parent.to_owned()),
        "task" => id.split('_').nth(1).map(|phase| format!("phase_{phase}")),
        _ => None,
    };
    Ok(parent.map(|parent| TaskId::parse(&parent)).transpose()?)
}

/// Larry the laptop lobster, and what he can do.
pub(crate) fn larry() -> Result<AgentProfile> {
    let actions = [
        "search_google_maps",
        "web_scrape",
        "send_email",
        "make_phone_call",
        "schedule_calendar_event",
        "analyze_website",
        "draft_document",
        "create_wireframes",
        "build_quote",
        "manage_csv",
    ];
    let capabilities = actions
        .iter()
        .map(|action| Ok(Capability { action: ActionName::parse(action)?, params: Vec::new() }));
    Ok(AgentProfile {
        name: Title::parse("Larry the Laptop Lobster")?,
        role: Some(Title::parse("Full-stack contractor + business development")?),
        kind: AgentKind::Agent,
        capabilities: capabilities.collect::<Result<_>>()?,
        integration_endpoints: None,
        webhook_url: None,
        concurrent_tasks_max: 1,
    })
}
