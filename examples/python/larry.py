"""Larry the laptop lobster, in Python: an agent that works off a plan and asks where he is stuck.

    ax serve                              # in another terminal
    python3 examples/python/larry.py      # AX_URL and AX_KEY say where to, when it is elsewhere

He brings his own plan, so that there is something to see. Where he asks, answer him in the dashboard
or with `ax blocker list` and `ax blocker resolve`; with --answer he is answered by himself.
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "clients" / "python"))
from planexe_ax import Blocked, Client, Problem, Worker, WorkFailed  # noqa: E402

LARRY = "larry_in_python"
ACTIONS = ["search_google_maps", "manage_csv", "make_phone_call", "send_email"]
PLAN = {
    "plan_id": "plan_larry_in_python",
    "goal": "Find dog breeders who want a website of their own",
    "phases": [
        {
            "phase_id": "phase_1",
            "name": "Leads",
            "tasks": [
                {
                    "task_id": "task_1",
                    "title": "Find breeders",
                    "subtasks": [
                        {
                            "subtask_id": "search",
                            "title": "Search the map for kennels",
                            "action": "search_google_maps",
                            "params": {"query": "dog breeder", "location": "Hampton CT"},
                        },
                        {
                            "subtask_id": "collect",
                            "title": "Collect their names in a list",
                            "action": "manage_csv",
                            "params": {"file_path": "PROSPECTS.csv"},
                            "depends_on": ["search"],
                        },
                    ],
                },
                {
                    "task_id": "task_2",
                    "title": "Talk to Carol",
                    "prerequisites": ["task_1"],
                    "subtasks": [
                        {"subtask_id": "call", "title": "Call Carol", "action": "make_phone_call"},
                        {
                            "subtask_id": "write",
                            "title": "Write to her what was said",
                            "action": "send_email",
                            "depends_on": ["call"],
                        },
                    ],
                },
            ],
        }
    ],
}


def search(job):
    return {"kennels": ["Marie's Yorkies", "Bittersweet Farm"]}


def collect(job):
    kennels = job.task["context"]["outputs"]["search"]["kennels"]
    return {"file": job.task["params"]["file_path"], "rows": len(kennels)}


def call(job):
    return {"interest": 8, "minutes": 18}


def write(job):
    minutes = job.task["context"]["outputs"]["call"]["minutes"]
    return {"sent": True, "about": f"a talk of {minutes} minutes"}


SKILLS = {
    "search_google_maps": search,
    "manage_csv": collect,
    "make_phone_call": call,
    "send_email": write,
}


class Larry:
    def __init__(self, client):
        self.client, self.asked = client, False
        known = client.register_agent(
            {"agent_id": LARRY, "name": "Larry", "role": "Contractor", "capabilities": ACTIONS}
        )
        self.own = client.with_key(known.get("api_key"))

    def work(self, job):
        title, action = job.task["title"], job.task["action"]
        if action not in SKILLS:
            raise WorkFailed(f"Larry cannot {action}", retryable=False)
        if action == "make_phone_call" and not self.asked:
            self.asked = True
            print(f"Larry: {title}: Carol does not answer")
            ways = ["Look her number up on the map", "Write instead"]
            raise Blocked("Carol does not answer. How should I reach her?", ways)
        output = SKILLS[action](job)
        print(f"Larry: {title}: {output}")
        return output


def answer(client, execution_id):
    """What a person would do: take the first of the suggestions."""
    for blocker in client.blockers(execution_id):
        option = (blocker["suggestions"] or [None])[0]
        client.resolve(execution_id, blocker["blocker_id"], "approve_alternative", option=option)
        print(f"Mark:  {option}")


def main():
    client = Client()
    larry = Larry(client)
    plan_id = client.import_plan(PLAN)["plan_id"]
    execution_id = client.start(plan_id, agent_id=LARRY)["execution_id"]
    print(f"Mark:  carry this out, Larry: {execution_id}")

    def is_done():
        if "--answer" in sys.argv:
            answer(client, execution_id)
        return client.execution(execution_id)["status"] in ("COMPLETED", "FAILED", "CANCELLED")

    try:
        Worker(larry.own, LARRY, larry.work, wait=2).run(is_done)
    except Problem as problem:
        sys.exit(f"error: {problem} ({problem.code})")
    status = client.execution(execution_id)["status"]
    print(f"{execution_id}: {status}")
    return 0 if status == "COMPLETED" else 1


if __name__ == "__main__":
    sys.exit(main())
