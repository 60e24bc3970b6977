//! Plans in Markdown and as drawn trees.

use crate::house::{edges, metadata, tells, text, tree};
use planexe_ax_domain::Priority;

const MARKDOWN: &str = "\
# Open the farm shop

Goal: sell eggs by May

## Phase 1: Prepare
- [x] Task 1.1: Find a **room** (2 days)
  - Ask the [town hall](https://town.example)
  - Owner: Carol
- Task 1.2: Sign the lease (depends on 1.1)
  It must be signed on paper.

## Phase 2: Open

| ID | Task | Owner | Depends on | Estimate (days) | Priority |
|----|------|-------|------------|-----------------|----------|
| T1 | Print \\| hang posters | Larry | Phase 1 | 3 | high |
| T2 | Invite people | Carol | T1, Sign the lease | -1 | soon |
| T3 | Celebrate | - | T9 | 0.5 | |

## Risks
- Nobody comes — Mitigation: ask the school
- Rain

## Roles
- Carol
- Larry

## Background
We once had a stall.
";

#[test]
fn headings_lists_boxes_and_tables_are_one_plan() {
    let reading = text(MARKDOWN).expect("it is a plan");
    let (import, report) = (&reading.import, &reading.report);
    assert_eq!(import.title.as_str(), "Open the farm shop");
    assert_eq!(import.goal.as_ref().map(|goal| goal.as_str()), Some("sell eggs by May"));
    assert_eq!(
        tree(import),
        [
            "phase_1 Prepare",
            "  task_1_1 Find a room",
            "    task_1_1_a Ask the town hall",
            "  task_1_2 Sign the lease",
            "phase_2 Open",
            "  task_2_1 Print | hang posters",
            "  task_2_2 Invite people",
            "  task_2_3 Celebrate",
        ]
    );
    let wanted =
        ["task_1_1 → task_1_2", "phase_1 → task_2_1", "task_2_1 → task_2_2", "task_1_2 → task_2_2"];
    assert_eq!(edges(import), wanted);
    let task = |id: &str| import.tasks.iter().find(|task| task.task_id.as_str() == id).expect(id);
    assert_eq!(task("task_1_1").estimated_ms, Some(2 * 86_400_000));
    assert_eq!(task("task_1_1").role.as_ref().map(|role| role.as_str()), Some("Carol"));
    assert!(task("task_1_1").params.as_ref().is_some_and(|it| it.as_str().contains("was_done")));
    let said = task("task_1_2").description.as_ref().map(|it| it.as_str());
    assert_eq!(said, Some("It must be signed on paper."));
    assert_eq!(task("task_2_1").priority, Priority::High);
    assert_eq!(task("task_2_2").estimated_ms, None);
    let links = task("task_1_1_a").params.as_ref().map(|it| it.as_str());
    assert_eq!(links, Some("{\"links\":[\"https://town.example\"]}"));
    assert_eq!(import.risks.len(), 2);
    assert_eq!(
        import.risks[0].mitigation.as_ref().map(|it| it.as_str().trim()),
        Some("ask the school")
    );
    assert_eq!(import.roles.len(), 2);
    assert!(tells(&report.dropped, "it:18", "\"T9\": there is no such task"), "{report}");
    assert!(tells(&report.repaired, "it:17", "\"-1\" is no time"), "{report}");
    assert!(tells(&report.derived, "the plan", "1 tasks are ticked off"), "{report}");
    assert!(metadata(import)["notes"].to_string().contains("We once had a stall."));
    assert_eq!(metadata(import)["source_ids"]["task_2_1"], "T1");
}

#[test]
fn lists_without_headings_are_a_plan_too() {
    let flat = text("1. Call\n2. Write (after 1)\n3. Close\n").expect("it is a plan");
    assert_eq!(
        tree(&flat.import),
        ["phase_1 Tasks", "  task_1_1 Call", "  task_1_2 Write", "  task_1_3 Close"]
    );
    assert_eq!(edges(&flat.import), ["task_1_1 → task_1_2"]);
    let nested = text("- Start\n  - Call\n- End\n  - Close\n").expect("it is a plan");
    assert_eq!(
        tree(&nested.import),
        ["phase_1 Start", "  task_1_1 Call", "phase_2 End", "  task_2_1 Close"]
    );
    let headings = text("# A\nfirst\n# B\nsecond\n").expect("it is a plan");
    assert_eq!(tree(&headings.import), ["phase_1 A", "phase_2 B"]);
}

#[test]
fn a_circle_in_a_text_is_broken_where_it_points_backward() {
    let reading = text("# P\n## A\n- One (after Two)\n- Two (after One)\n").expect("it is a plan");
    assert_eq!(edges(&reading.import), ["task_1_1 → task_1_2"]);
    assert!(tells(&reading.report.dropped, "it:3", "closes a circle"), "{}", reading.report);
}

#[test]
fn names_that_fit_several_tasks_tie_to_none_of_them() {
    let plan =
        "# P\n## A\n- Call\n## B\n- Call\n## C\n- Close (after Call)\n- Call\n- Go (after Call)\n";
    let reading = text(plan).expect("it is a plan");
    assert_eq!(edges(&reading.import), ["task_3_2 → task_3_1", "task_3_2 → task_3_3"]);
    let reading = text(&plan.replace("- Call\n- Go", "- Go")).expect("it is a plan");
    assert!(edges(&reading.import).is_empty());
    assert!(tells(&reading.report.dropped, "it:7", "several tasks"), "{}", reading.report);
}

const OUTLINE: &str = "\
PLAN: Prospect breeders
Status: RUNNING

PHASE 1: Research (Week 1-2)
├─ Task 1.1: Identify 50+ breeders ✅ (23 found)
│  └─ Subtask 1.1.1: Search the map
│  └─ Subtask 1.1.2: Compile the list
├─ Task 1.2: Qualify leads
│  ├─ depends on: 1.1
│  └─ Subtask 1.2.1: Score them
└─ Task 1.3: Prioritize

PHASE 2: Outreach
└─ Task 2.1: Call the top 5
   └─ Subtask 2.1.1: Pitch

KEY METRICS:
- Deals Closed: 2/3
";

#[test]
fn the_tree_of_the_documents_is_read_as_it_is_drawn() {
    let reading = text(OUTLINE).expect("it is a plan");
    assert_eq!(reading.import.title.as_str(), "Prospect breeders");
    let wanted = [
        "phase_1 Research (Week 1-2)",
        "  task_1_1 Identify 50+ breeders",
        "    task_1_1_a Search the map",
        "    task_1_1_b Compile the list",
        "  task_1_2 Qualify leads",
        "    task_1_2_a Score them",
        "  task_1_3 Prioritize",
        "phase_2 Outreach",
        "  task_2_1 Call the top 5",
        "    task_2_1_a Pitch",
    ];
    assert_eq!(tree(&reading.import), wanted);
    assert_eq!(edges(&reading.import), ["task_1_1 → task_1_2"]);
    assert!(metadata(&reading.import)["notes"].to_string().contains("Deals Closed"));
    assert!(tells(&reading.report.derived, "the plan", "ticked off"), "{}", reading.report);
}

#[test]
fn a_tree_in_plain_letters_is_the_same_tree() {
    let drawn = [("├─", "|--"), ("└─", "`--"), ("│  ", "|  ")];
    let plain = drawn.iter().fold(OUTLINE.to_owned(), |text, (from, to)| text.replace(from, to));
    let (one, other) = (text(&plain).expect("a plan"), text(OUTLINE).expect("a plan"));
    assert_eq!(tree(&one.import), tree(&other.import));
    assert_eq!(edges(&one.import), edges(&other.import));
}
