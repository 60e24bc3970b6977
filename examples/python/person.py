"""A person at a terminal who does tasks as an agent does: each is shown, and what is typed is its
output. The lease is kept alive meanwhile; whoever has had enough gives the task back.

    python3 examples/python/person.py mark interview review
    python3 examples/python/person.py mark interview --once < answer.txt

The first word is the id of the person, the others are the actions that they can do.
"""

import json
import select
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "clients" / "python"))
from planexe_ax import Blocked, Client, Problem, Release, Unreachable, Worker, WorkFailed  # noqa: E402

HELP = "Type what came of it; or: fail WHY · stuck QUESTION · back · quit"
# How often is looked whether the task is still to be done.
LOOK_SECONDS = 0.5
TEXT_CHARS_MAX = 10_000


def plain(value):
    """A text that cannot change the terminal."""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=True)
    return "".join(c if c.isprintable() else f"<{ord(c):x}>" for c in text)


class Person:
    def __init__(self, agent_id, is_once):
        self.agent_id, self.is_once, self.is_over = agent_id, is_once, False

    def work(self, job):
        self.show(job.task)
        self.is_over = self.is_once
        while True:
            line = self.typed(job)
            word, _, rest = line.partition(" ")
            if word == "back":
                raise Release()
            if word == "quit":
                self.is_over = True
                raise Release()
            if word == "fail" and rest:
                raise WorkFailed(rest, error_type="person", retryable=False)
            if word == "stuck" and rest:
                raise Blocked(rest)
            if line:
                return {"said": line[:TEXT_CHARS_MAX]}
            print(HELP)

    def show(self, task):
        print(f"\n{plain(task['title'])}  ({plain(task['execution_id'])})")
        for name in ("description", "action", "params", "success_criteria"):
            if task.get(name):
                print(f"  {name}: {plain(task[name])}")
        for before, output in task.get("context", {}).get("outputs", {}).items():
            print(f"  {plain(before)} gave: {plain(output)}")
        print(HELP)

    def typed(self, job):
        """What is typed next; the task is given back where it is another's by then."""
        while not job.is_over.is_set():
            if job.verdict == "pause":
                print("The execution is paused: the task is given back.")
                raise Release()
            ready, _, _ = select.select([sys.stdin], [], [], LOOK_SECONDS)
            if ready:
                line = sys.stdin.readline()
                if not line:
                    self.is_over = True
                    raise Release()
                return line.strip()
        print(f"This is no longer to be done ({job.verdict}).")
        raise Release()


def main():
    words = [word for word in sys.argv[1:] if word != "--once"]
    if len(words) < 2:
        sys.exit(__doc__)
    agent_id, actions = words[0], words[1:]
    client = Client()
    person = Person(agent_id, "--once" in sys.argv)
    try:
        known = client.register_agent(
            {"agent_id": agent_id, "name": agent_id, "kind": "human", "capabilities": actions}
        )
        own = client.with_key(known.get("api_key"))
        print(f"{agent_id} waits for work; ctrl-c ends it.")
        worker = Worker(own, agent_id, person.work, wait=5)
        worker.run(lambda: person.is_over)
    except (Problem, Unreachable) as error:
        sys.exit(f"error: {error}")
    except KeyboardInterrupt:
        print()
    return 0


if __name__ == "__main__":
    sys.exit(main())
