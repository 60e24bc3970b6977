"""What each client is put through against a real server; prints what came of it as JSON."""

import json
import sys

from planexe_ax import Client, Problem, Release, Unreachable, Worker, WorkFailed

AGENT = "worker_python"
SUBTASKS = [
    {"subtask_id": "s1", "title": "First", "action": "scenario"},
    {
        "subtask_id": "s2",
        "title": "Second",
        "action": "scenario",
        "depends_on": ["s1"],
        "retry_policy": {"max_attempts": 3, "backoff": "fixed", "backoff_seconds": 0},
    },
]
TASKS = [{"task_id": "t1", "title": "Task", "subtasks": SUBTASKS}]
PLAN = {"goal": "Try a client", "phases": [{"phase_id": "p1", "name": "Phase", "tasks": TASKS}]}


def main():
    client = Client()
    agent = {"agent_id": AGENT, "name": "Worker", "capabilities": ["scenario"]}
    first = client.register_agent(agent, key="python-registers")
    again = client.register_agent(agent, key="python-registers")
    own = client.with_key(first.get("api_key"))
    plan_id = client.import_plan({**PLAN, "plan_id": "plan_python"})["plan_id"]
    completed = client.start(plan_id, execution_id="python_completed")["execution_id"]
    seen = {"same": first["position"] == again["position"], "attempts": 0, "handed_on": None}

    def work(job):
        if job.task["task_id"] == "s1":
            job.progress(50, {"half": True})
            return {"found": 23}
        seen["attempts"] = job.task["attempt"]
        if job.task["attempt"] == 1:
            raise WorkFailed("not yet", error_type="timeout", retryable=True)
        seen["handed_on"] = job.task["context"]["outputs"]["s1"]["found"]
        return {"done": True}

    def status(execution_id):
        return client.execution(execution_id)["status"]

    Worker(own, AGENT, work, wait=1).run(lambda: status(completed) == "COMPLETED")
    seen["refused"] = code(lambda: client.execution("nobody"))
    seen["events"] = events(client, completed)

    cancelled = client.start(plan_id, execution_id="python_cancelled")["execution_id"]

    def wait_for_the_end(job):
        client.move(cancelled, "CANCELLED", reason="the scenario wants it")
        seen["told_to_stop"] = job.is_over.wait(30)
        raise Release()

    worker = Worker(own, AGENT, wait_for_the_end, wait=5, heartbeat=0.05)
    while not worker.step():
        pass
    seen["statuses"] = [status(completed), status(cancelled)]
    try:
        Client("http://127.0.0.1:9", tries_max=1).execution("nobody")
    except Unreachable:
        seen["unreachable"] = True
    print(json.dumps(seen, sort_keys=True))


def code(ask):
    try:
        ask()
    except Problem as problem:
        return problem.code
    return None


def events(client, execution_id):
    """What happened to the tasks, in order, from a stream that is let go and resumed."""
    told, after = [], 0
    while True:
        taken = 0
        for frame in client.follow(execution_id, after):
            if frame["type"] == "event":
                after, taken = frame["position"], taken + 1
                if frame.get("task_id"):
                    told.append(f"{frame['event_type']} {frame['task_id']}")
                if frame["event_type"] == "execution_completed":
                    return told
            if taken == 3:
                break


if __name__ == "__main__":
    sys.exit(main())
