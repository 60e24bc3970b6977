"""An agent that runs a command for each task. What the command prints is the task's output.

    python3 examples/python/shell_agent.py build_1 make_site -- ./make-site.sh
    python3 examples/python/shell_agent.py echo_1 say --until exec_1 -- cat

The first word is the agent's id, then the actions that it can do; behind -- stands the command. The
task comes as JSON on the command's input, and AX_TASK_ID, AX_TITLE and AX_ACTION are set. Nothing
of a task becomes a part of the command: a plan cannot make this agent run something else.

Exit codes of the command: 0 is done; 75 (try again later) is a failure that may be retried; any
other is one that may not.
"""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "clients" / "python"))
from planexe_ax import Client, Problem, Release, Unreachable, Worker, WorkFailed  # noqa: E402

TRY_AGAIN = 75
# How much of what a command prints is kept.
OUTPUT_CHARS_MAX = 100_000
ERROR_CHARS_MAX = 1_000
# How often is looked whether the command is to be stopped, and how long it then has.
LOOK_SECONDS = 0.2
GRACE_SECONDS = 5
OVER = ("COMPLETED", "FAILED", "CANCELLED")


def run(command, job):
    """Runs the command for a task, and stops it when the task is no longer the agent's."""
    task = job.task
    named = {"AX_TASK_ID": task["task_id"], "AX_TITLE": task["title"], "AX_ACTION": task["action"]}
    own = {name: value for name, value in os.environ.items() if name != "AX_KEY"}
    texts = {name: str(value or "").replace("\0", "") for name, value in named.items()}
    pipe = subprocess.PIPE
    with subprocess.Popen(
        command, stdin=pipe, stdout=pipe, stderr=pipe, env={**own, **texts},
        text=True, errors="replace", start_new_session=True,
    ) as child:
        given = json.dumps(task)
        while True:
            try:
                output, errors = child.communicate(given, timeout=LOOK_SECONDS)
                return child.returncode, output, errors
            except subprocess.TimeoutExpired:
                given = None
                if job.is_over.is_set():
                    stop(child)
                    raise Release() from None


def stop(child):
    """Ends a command with all that it started."""
    for sign in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(child.pid, sign)
            child.wait(GRACE_SECONDS)
            return
        except subprocess.TimeoutExpired:
            continue
        except ProcessLookupError:
            return


def output_of(text):
    """JSON where the command printed an object, else the text."""
    text = text[:OUTPUT_CHARS_MAX]
    try:
        told = json.loads(text)
    except ValueError:
        return {"output": text}
    return told if isinstance(told, dict) else {"output": told}


def working_with(command):
    def work(job):
        code, output, errors = run(command, job)
        print(f"{job.task['task_id']}: {command[0]} ended with {code}", file=sys.stderr)
        if code == 0:
            return output_of(output)
        told = errors.strip()[-ERROR_CHARS_MAX:] or f"{command[0]} ended with {code}"
        raise WorkFailed(told, error_type=f"exit_{code}", retryable=code == TRY_AGAIN)

    return work


def main():
    words = sys.argv[1:]
    if "--" not in words:
        sys.exit(__doc__)
    at = words.index("--")
    words, command = words[:at], words[at + 1 :]
    until = None
    if "--until" in words:
        at = words.index("--until")
        until = words[at + 1]
        del words[at : at + 2]
    if len(words) < 2 or not command:
        sys.exit(__doc__)
    agent_id, actions = words[0], words[1:]
    client = Client()
    try:
        agent = {"agent_id": agent_id, "name": agent_id, "capabilities": actions}
        own = client.with_key(client.register_agent(agent).get("api_key"))
        worker = Worker(own, agent_id, working_with(command), wait=2)
        worker.run(lambda: until is not None and client.execution(until)["status"] in OVER)
    except (Problem, Unreachable) as error:
        sys.exit(f"error: {error}")
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
