//! The documents' tasks, broken down by the table that is built in.

use crate::{Asked, Material, Part, Patterns, Proposal, Question, check, decompose};
use planexe_ax_domain::event::agent::Capability;
use planexe_ax_domain::{ActionName, TaskId, Text, Title};
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// Larry as the registry of the architecture has him.
const LARRY: [(&str, &[&str]); 10] = [
    ("search_google_maps", &["query", "location", "category"]),
    ("web_scrape", &["url", "css_selector"]),
    ("send_email", &["to", "subject", "body", "attachments"]),
    ("make_phone_call", &["phone", "script", "record"]),
    ("schedule_calendar_event", &["contact", "date", "time", "agenda"]),
    ("analyze_website", &["url", "scoring_rubric"]),
    ("draft_document", &["template", "variables", "output_format"]),
    ("create_wireframes", &["description", "tool", "format"]),
    ("build_quote", &["features", "rate_structure", "output_format"]),
    ("manage_csv", &["operation", "file_path", "data"]),
];

/// Larry as the checklist registers him.
const LARRY_OF_THE_CHECKLIST: [&str; 8] = [
    "send_email",
    "make_phone_call",
    "search_google_maps",
    "schedule_calendar_event",
    "conduct_interview",
    "document_findings",
    "draft_document",
    "manage_csv",
];

pub(crate) fn able(action: &str, params: &[&str]) -> Capability {
    let params = params.iter().map(|name| Title::parse(name).expect("a name"));
    Capability { action: ActionName::parse(action).expect("an action"), params: params.collect() }
}

pub(crate) fn question(title: &str, capabilities: Vec<Capability>) -> Question {
    Question {
        task: Asked {
            task_id: TaskId::parse("task_1_1").expect("an id"),
            title: Title::parse(title).expect("a title"),
            description: None,
            role: Some(Title::parse("Business Analyst").expect("a role")),
            resources: Vec::new(),
        },
        material: Material::default(),
        capabilities,
        taken: BTreeSet::new(),
    }
}

fn larry() -> Vec<Capability> {
    LARRY.iter().map(|(action, params)| able(action, params)).collect()
}

fn answer(question: &Question) -> Proposal {
    let proposal = decompose(question, &Patterns::built_in());
    if !proposal.parts.is_empty() {
        check(question, &proposal).expect("what the rules propose is in order");
    }
    proposal
}

fn actions(proposal: &Proposal) -> Vec<&str> {
    proposal.parts.iter().map(|part| part.action.as_str()).collect()
}

/// The plan of the architecture, as it goes with the request.
fn carols_plan() -> Value {
    json!({
        "plan_id": "plan_carol_breeder_sys_20260211",
        "goal": "Develop custom dog breeder management system",
        "phases": [{"phase_id": "phase_1", "tasks": [{
            "task_id": "task_1_1",
            "title": "Interview Carol about current workflow",
            "subtasks": [
                {"subtask_id": "task_1_1_a", "action": "schedule_call", "params": {
                    "contact": "carol@bittersweet-farm.example", "duration_minutes": 90}},
                {"subtask_id": "task_1_1_b", "action": "document_requirements", "params": {
                    "format": "markdown", "output_path": "requirements/carol.md"}},
            ],
        }]}],
    })
}

fn interview(capabilities: Vec<Capability>) -> Question {
    let mut asked = question("Interview Carol about current workflow", capabilities);
    let text = "Understand breeding records, customer management, puppy tracking...";
    asked.task.description = Some(Text::parse(text).expect("a text"));
    let plan = carols_plan();
    let id = asked.task.task_id.clone();
    asked.material.add_context(&id, plan.as_object().expect("an object"));
    asked
}

fn interviewers() -> Vec<Capability> {
    vec![
        able("schedule_call", &["contact", "duration", "agenda"]),
        able("send_email", &["to", "subject", "body"]),
        able("conduct_interview", &["questions", "duration_minutes"]),
        able("document_findings", &["template", "output_path"]),
    ]
}

#[test]
fn interviewing_carol_is_an_email_an_interview_and_a_document() {
    let proposal = answer(&interview(interviewers()));
    assert_eq!(actions(&proposal), ["send_email", "conduct_interview", "document_findings"]);
    assert_eq!(proposal.confidence_permille, 920);
    assert!(proposal.warnings.is_empty(), "{:?}", proposal.warnings);
    assert!(proposal.notes[0].contains("Carol"), "{:?}", proposal.notes);
    let [mail, talk, document] = proposal.parts.as_slice() else { panic!("three parts") };
    assert_eq!(mail.task_id.as_str(), "task_1_1_a");
    assert_eq!(mail.params["to"], "carol@bittersweet-farm.example");
    assert!(mail.params["body"].as_str().is_some_and(|body| body.starts_with("Hello Carol,")));
    assert!(mail.depends_on.is_empty() && mail.timeout_ms == 24 * 3_600_000);
    assert_eq!(mail.retry.attempts_max, 3);
    assert_eq!(talk.params["duration_minutes"], 90);
    let topics = json!(["breeding records", "customer management", "puppy tracking"]);
    assert_eq!(talk.params["questions"], topics);
    assert_eq!(talk.depends_on, std::slice::from_ref(&mail.task_id));
    assert_eq!(document.params["template"], "interview_notes.md");
    assert_eq!(document.params["output_path"], "requirements/carol.md");
    assert_eq!(document.depends_on, std::slice::from_ref(&talk.task_id));
    for Part { success_criteria, failure_handling, .. } in &proposal.parts {
        assert!(!success_criteria.is_empty() && failure_handling.is_some());
    }
}

#[test]
fn the_request_of_the_document_names_no_action_to_document_with() {
    let capabilities = ["send_email", "schedule_call", "conduct_interview"];
    let proposal = answer(&interview(capabilities.iter().map(|it| able(it, &[])).collect()));
    assert_eq!(actions(&proposal), ["send_email", "conduct_interview"]);
    assert!((700..920).contains(&proposal.confidence_permille));
    assert!(proposal.warnings[0].contains("Document the findings"), "{:?}", proposal.warnings);
}

/// Larry's tasks, and what becomes of each.
const TASKS: [(&str, &[&str]); 9] = [
    ("Identify 50+ dog breeders in CT/RI border", &["search_google_maps", "manage_csv"]),
    (
        "Qualify leads (website quality, SaaS usage, pain points)",
        &["analyze_website", "manage_csv", "manage_csv"],
    ),
    ("Prioritize top 15 for cold outreach", &["manage_csv"]),
    ("Call top 5 prospects", &["make_phone_call", "make_phone_call", "draft_document"]),
    ("Send follow-up emails to interested parties", &["send_email", "schedule_calendar_event"]),
    ("Conduct discovery interviews", &["make_phone_call", "draft_document"]),
    (
        "Build custom proposal for top 3 leads",
        &["create_wireframes", "build_quote", "draft_document"],
    ),
    ("Present & negotiate", &["schedule_calendar_event", "make_phone_call", "make_phone_call"]),
    (
        "Interview Carol about current workflow",
        &["send_email", "make_phone_call", "draft_document"],
    ),
];

#[test]
fn larrys_tasks_become_what_the_documents_show_and_the_rules_are_sure_of_them() {
    for (title, wanted) in TASKS {
        let proposal = answer(&question(title, larry()));
        assert_eq!(actions(&proposal), wanted, "{title}");
        assert!(proposal.confidence_permille >= 700, "{title}: {proposal:?}");
    }
    let of_checklist = || LARRY_OF_THE_CHECKLIST.iter().map(|action| able(action, &[])).collect();
    for (title, _) in TASKS {
        let proposal = answer(&question(title, of_checklist()));
        assert!(proposal.confidence_permille >= 700, "{title}: {proposal:?}");
    }
}

#[test]
fn what_is_built_from_two_parts_waits_for_both_of_them() {
    let proposal = answer(&question("Build custom proposal for top 3 leads", larry()));
    let [design, price, write] = proposal.parts.as_slice() else { panic!("three parts") };
    assert!(design.depends_on.is_empty() && price.depends_on.is_empty());
    assert_eq!(write.depends_on, [design.task_id.clone(), price.task_id.clone()]);
    let mut sequence = proposal.sequence();
    assert_eq!(sequence.pop(), Some(&write.task_id));
}

#[test]
fn an_address_that_nobody_names_is_left_out_and_asked_for() {
    let proposal = answer(&question("Interview Carol about current workflow", larry()));
    assert!(proposal.parts[0].params.get("to").is_none());
    assert!(proposal.warnings.iter().any(|it| it.contains("`to`")), "{:?}", proposal.warnings);
    let two = json!({"a": "carol@farm.example", "b": "carol@home.example"});
    let mut asked = question("Interview Carol about current workflow", larry());
    let id = asked.task.task_id.clone();
    asked.material.add_context(&id, two.as_object().expect("an object"));
    assert!(answer(&asked).parts[0].params.get("to").is_none(), "which one is not guessed");
    let other = json!({"contacts": [{"name": "Marie", "email": "hello@yorkies.example"},
        {"name": "Carol", "email": "office@farm.example", "phone": "860-455-9416"}]});
    let mut asked = question("Interview Carol about current workflow", larry());
    asked.material.add_context(&id, other.as_object().expect("an object"));
    let proposal = answer(&asked);
    assert_eq!(proposal.parts[0].params["to"], "office@farm.example");
    assert_eq!(proposal.parts[1].params["phone"], "860-455-9416");
}

#[test]
fn what_no_action_fits_is_said_and_nothing_is_made_up() {
    for title in ["Feed the llamas", "Interview Carol", "…"] {
        let proposal = answer(&question(title, vec![able("fly_to_the_moon", &[])]));
        assert_eq!((proposal.parts.len(), proposal.confidence_permille), (0, 0), "{title}");
        assert!(proposal.warnings.iter().any(|it| it.contains("fits")), "{proposal:?}");
    }
    let proposal = answer(&question("Interview Carol", Vec::new()));
    assert!(proposal.parts.is_empty() && proposal.confidence_permille == 0);
}

#[test]
fn a_guess_and_what_binds_people_are_for_a_person_to_look_at() {
    let half = answer(&question("Deploy the firewall", vec![able("deploy_website", &[])]));
    assert_eq!((actions(&half), half.confidence_permille), (vec!["deploy_website"], 560));
    let whole = answer(&question("Deploy the website", vec![able("deploy_website", &[])]));
    assert_eq!(whole.confidence_permille, 760);
    let bought = answer(&question("Buy a tractor", vec![able("buy_tractor", &[])]));
    assert_eq!(bought.confidence_permille, 600);
    assert!(bought.warnings[0].contains("costs money"), "{:?}", bought.warnings);
    let half_done = answer(&question("Call Carol and negotiate", vec![able("send_email", &[])]));
    assert_eq!(actions(&half_done), ["send_email"]);
    assert!(half_done.confidence_permille <= 400, "{half_done:?}");
}

#[test]
fn a_users_table_goes_first_and_says_where_it_is_wrong() {
    let own = r#"
        [[pattern]]
        name = "llamas"
        verbs = ["feed"]
        objects = ["llama"]
        confidence_permille = 900
        [[pattern.step]]
        actions = ["open_gate"]
        title = "Open the gate for {object}"
        params = { wide = true, times = 2, whom = "{who}" }
    "#;
    let patterns = Patterns::extended_by(own).expect("it is in order");
    let proposal = decompose(&question("Feed the llamas", vec![able("open_gate", &[])]), &patterns);
    assert_eq!(proposal.parts[0].title.as_str(), "Open the gate for the llamas");
    let params = json!({"wide": true, "times": 2, "whom": "the llamas"});
    assert_eq!(Value::Object(proposal.parts[0].params.clone()), params);
    for (text, wanted) in [
        ("[[pattern]]\nname = 1", "invalid type"),
        ("[[patern]]", "patern"),
        (&own.replace("{object}", "{llama}"), "pattern `llamas`, step 1: there is no fact `llama`"),
        (&own.replace("= 900", "= 1001"), "pattern `llamas`: confidence"),
        (&own.replace("\"feed\"", ""), "pattern `llamas`: it needs verbs"),
        (&format!("{own}{own}"), "another pattern has this name"),
    ] {
        let refused = Patterns::extended_by(text).expect_err(text).to_string();
        assert!(refused.contains(wanted), "{refused}");
    }
}
