//! The document's own example, from its six steps to the end, with each of its three patterns:
//! research, subtasks, errors.

use super::client::{AgentExecution, done, failed};
use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

/// The task that it is all for.
const TASK: &str = "deep-1765060407236";

type Say<'a> = &'a dyn Fn(&str);

/// Tells the whole story.
pub(crate) fn tell(agent: &AgentExecution, say: Say<'_>) -> Result<()> {
    let id = research(agent, say)?;
    look_back(agent, &id, say)?;
    subtasks(agent, say)?;
    high_level(agent, say)
}

fn steps() -> Value {
    let steps = [
        ("research", "Research existing frameworks", 30),
        ("analyze", "Analyze SISO architecture", 45),
        ("extract", "Extract core principles", 60),
        ("design", "Design prompt structure", 90),
        ("create", "Create prompt template", 120),
        ("validate", "Validate with samples", 30),
    ];
    let step = |(number, (action, description, minutes)): (u32, (&str, &str, u32))| {
        json!({"step": number, "action": action, "description": description,
            "estimated_duration": minutes})
    };
    (1..).zip(steps).map(step).collect::<Vec<_>>().into()
}

/// Pattern 1, and within it pattern 3: six steps, of which one fails at first.
fn research(agent: &AgentExecution, say: Say<'_>) -> Result<String> {
    let plan = agent.create_plan(&json!({
        "task_id": TASK, "plan_type": "research", "steps": steps(),
        "reasoning": "Make a first principle systems prompt",
    }))?;
    let id = plan["id"].as_str().context("a plan has an id")?.to_owned();
    let steps = plan["plan_json"]["steps"].as_array().context("a plan has steps")?;
    let minutes: u64 = steps.iter().filter_map(|it| it["estimated_duration"].as_u64()).sum();
    say(&format!("plan: {} steps, {minutes} minutes estimated", plan["total_steps"]));
    remember(agent, &id)?;
    let ready = json!({"step_number": 0, "action_type": "add_context",
        "description": "Initialized context with research goals"});
    agent.add_log(&id, &ready)?;
    let mut has_failed = false;
    for step in steps {
        agent.update_plan(&id, &json!({"current_step": step["step"]}))?;
        let description = step["description"].as_str().unwrap_or_default();
        if step["action"] == "design" && !has_failed {
            has_failed = true;
            block(agent, &id, step, say)?;
            agent.update_plan(&id, &json!({"status": "in_progress"}))?;
            say("unblocked: it goes on");
        }
        agent.add_log(&id, &done(step, &json!({"result": "success"})))?;
        say(&format!("step {}: {description}", step["step"]));
    }
    let completed = agent.update_plan(&id, &json!({"status": "completed"}))?;
    say(&format!("plan: {}", completed["status"].as_str().unwrap_or_default()));
    Ok(id)
}

/// The goal, and what it depends on.
fn remember(agent: &AgentExecution, id: &str) -> Result<()> {
    let all = [
        ("research", "goal", "Create systems prompt for first-principles thinking"),
        (
            "dependencies",
            "knowledge",
            "First-principles knowledge, SISO architecture, prompt engineering",
        ),
    ];
    for (kind, key, value) in all {
        let context = json!({"task_id": TASK, "plan_id": id, "context_type": kind,
            "context_key": key, "context_value": value});
        agent.set_context(&context)?;
    }
    Ok(())
}

/// Pattern 3: what failed is logged, the plan is blocked, and the reason is remembered.
fn block(agent: &AgentExecution, id: &str, step: &Value, say: Say<'_>) -> Result<()> {
    let why = "the design service does not answer";
    agent.add_log(id, &failed(&step["step"], why))?;
    let blocked = json!({"status": "blocked", "agent_reasoning": format!("Blocked: {why}")});
    let plan = agent.update_plan(id, &blocked)?;
    ensure!(plan["status"] == "blocked" && plan["current_step"] == step["step"], "{plan}");
    agent.set_context(&json!({"plan_id": id, "context_type": "blockers",
        "context_key": "error_details", "context_value": why}))?;
    say(&format!("step {}: blocked, {why}", step["step"]));
    Ok(())
}

/// What can be found afterwards: by words, by day, by task, in full.
fn look_back(agent: &AgentExecution, id: &str, say: Say<'_>) -> Result<()> {
    let found = agent.query_context(&format!("plan_id={id}&search_query=first-principles"))?;
    say(&format!("context: {} of 3 things speak of first-principles", found.len()));
    let full = agent.plan(id, true)?;
    let day = full["created_at"].as_str().and_then(|at| at.get(..10)).context("a day")?;
    let wish = format!("plan_id={id}&start_date={day}&limit=100");
    let logs = agent.query_logs(&wish)?;
    let blocked = agent.query_logs(&format!("{wish}&action_type=block"))?;
    let before = agent.query_logs(&format!("plan_id={id}&end_date=2025-01-31"))?;
    say(&format!(
        "logs since {day}: {}, of which {} tell of an error; until 2025-01-31: {}",
        logs.len(),
        blocked.len(),
        before.len(),
    ));
    let all = [&full["logs"], &full["context"]].map(|it| it.as_array().map_or(0, Vec::len));
    ensure!(all == [8, 3], "the full plan has all of it: {all:?}");
    let of_task = agent.query_plans(&format!("task_id={TASK}&status=completed"))?;
    ensure!(of_task.iter().any(|plan| plan["id"] == id), "it is found by its task");
    Ok(())
}

/// Pattern 2: an agent breaks a task of another plan down, and makes its steps real parts of it.
fn subtasks(agent: &AgentExecution, say: Say<'_>) -> Result<()> {
    let plan = json!({"goal": "Make a first principle systems prompt", "phases": [
        {"phase_id": "deep_work", "name": "Deep work", "tasks": [
            {"task_id": "write_prompt", "title": "Write the prompt"}]}]});
    let plan = agent.ask("POST", "/api/plans", Some(&plan))?;
    let breakdown = json!([
        {"step": 1, "action": "draft_document", "description": "Draft the prompt",
            "estimated_duration": 60},
        {"step": 2, "action": "review", "description": "Review the draft",
            "estimated_duration": 30},
    ]);
    let own = agent.create_plan(&json!({"task_id": "write_prompt",
        "plan_type": "subtask_breakdown", "steps": breakdown}))?;
    let id = own["id"].as_str().context("a plan has an id")?;
    let made = agent.make_subtasks(id, &json!({"plan_id": plan["plan_id"]}))?;
    let made = made["subtasks"].as_array().context("a list of subtasks")?;
    for (number, subtask) in (1..).zip(made) {
        let title = subtask["title"].as_str().unwrap_or_default();
        let log = json!({"step_number": number, "action_type": "create_subtask",
            "entity_type": "subtask", "entity_id": subtask["subtask_id"],
            "description": format!("Created subtask: {title}")});
        agent.add_log(id, &log)?;
        say(&format!("subtask: {title}"));
    }
    agent.update_plan(id, &json!({"status": "completed"}))?;
    Ok(())
}

/// The document's helper, which does all of it by itself.
fn high_level(agent: &AgentExecution, say: Say<'_>) -> Result<()> {
    let steps = [
        json!({"step": 1, "action": "implement", "description": "Put the prompt into use"}),
        json!({"step": 2, "action": "test", "description": "Try it on a task"}),
    ];
    let done = agent.execute_plan("use_prompt", "implementation", &steps, |step, id| {
        agent.set_context(&json!({"plan_id": id, "context_type": "notes",
            "context_key": format!("step_{}", step["step"]), "context_value": "it went well"}))?;
        Ok(json!({"result": "success"}))
    })?;
    say(&format!("executePlan: {}", done["status"].as_str().unwrap_or_default()));
    Ok(())
}
