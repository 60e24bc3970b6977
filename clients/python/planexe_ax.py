"""A client of PlanExe-AX: commands and questions, live streams, and an agent's loop of work.

Nothing beyond the standard library. Every write bears an idempotency key, so that it can be sent
again when its answer was lost, and counts once.
"""

import http.client
import json
import os
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
import uuid

__all__ = ["Client", "Job", "Problem", "Release", "Unreachable", "Worker", "WorkFailed", "Blocked"]

URL = "http://127.0.0.1:8000"
# How long an answer may take, beside what was asked to be waited for.
ANSWER_SECONDS_MAX = 30.0
# How long a stream may be silent: a server says something every 15 seconds.
SILENCE_SECONDS_MAX = 45.0
# What is waited before something is sent again, the first time; it doubles.
WAIT_SECONDS = 0.2
WAIT_SECONDS_MAX = 10.0
# How large an answer may be.
ANSWER_BYTES_MAX = 64 * 1024 * 1024


class Problem(Exception):
    """The server refused: `status`, `code` (a stable word), `detail`, and what can be done."""

    def __init__(self, status, told, retry_after=None):
        self.status = status
        self.code = told.get("code", "")
        self.detail = told.get("detail", "")
        self.request_id = told.get("request_id", "")
        self.errors = told.get("errors", [])
        self.next_actions = told.get("next_actions", [])
        self.retryable = bool(told.get("retryable")) or status == 429
        self.retry_after = retry_after
        super().__init__(self.detail or told.get("title") or self.code)


class Unreachable(Exception):
    """Nobody answers, or what answers is no server of this kind."""


class WorkFailed(Exception):
    """Raised by whoever works: the task failed."""

    def __init__(self, message, error_type="error", retryable=None, needs_person=False):
        self.error_type, self.retryable, self.needs_person = error_type, retryable, needs_person
        super().__init__(message)


class Blocked(Exception):
    """Raised by whoever works: the task cannot go on before somebody helps."""

    def __init__(self, message, suggestions=()):
        self.suggestions = list(suggestions)
        super().__init__(message)


class Release(Exception):
    """Raised by whoever works: the task is given back."""


class Client:
    """The way to a server."""

    def __init__(self, url=None, key=None, tries_max=5):
        self.url = (url or os.environ.get("AX_URL") or URL).rstrip("/")
        self._key = key or os.environ.get("AX_KEY")
        self._tries_max = tries_max
        # The position of the last write: what is read afterwards has seen it.
        self._written = 0
        if urllib.parse.urlsplit(self.url).scheme not in ("http", "https"):
            raise ValueError(f"{self.url!r} is no address of a server")

    def __repr__(self):
        return f"Client({self.url!r})"

    def with_key(self, key):
        """The same, with another key; with this one's, where there is none."""
        return Client(self.url, key or self._key, self._tries_max)

    def _seen(self, query):
        is_elsewhen = query.get("as_of") is not None or not self._written
        return query if is_elsewhen else {"min_position": self._written, **query}

    # What people ask and command.

    def register_agent(self, agent, **terms):
        return self.write("POST", ("api", "agents"), agent, **terms)

    def import_plan(self, plan, **terms):
        return self.write("POST", ("api", "plans"), plan, **terms)

    def start(self, plan_id, **wish):
        return self.write("POST", ("api", "executions"), {"plan_id": plan_id, **wish})

    def execution(self, execution_id, **query):
        return self.ask("GET", ("api", "executions", execution_id), query=self._seen(query))

    def tasks(self, execution_id, **query):
        path = ("api", "executions", execution_id, "tasks")
        return self.ask("GET", path, query=self._seen(query))

    def move(self, execution_id, status, **terms):
        """Moves an execution to PAUSED, RUNNING or CANCELLED."""
        path = ("api", "executions", execution_id)
        return self.write("PATCH", path, {"status": status}, **terms)

    def blockers(self, execution_id):
        path = ("api", "executions", execution_id, "blockers")
        told = self.ask("GET", path, query=self._seen({}))
        return [blocker for blocker in told["blockers"] if blocker["is_open"]]

    def resolve(self, execution_id, blocker_id, resolution, **way):
        path = ("api", "executions", execution_id, "blockers", blocker_id, "resolve")
        return self.write("POST", path, {"resolution": resolution, **way})

    # What agents do.

    def work(self, agent_id, wait=0, **query):
        """A task; None when there is none. Who asks again gets the same again."""
        if wait:
            query["wait"] = f"{int(wait)}s"
        path = ("api", "agents", agent_id, "work")
        told = self.ask("GET", path, query=query, wait=wait)
        return told if told and told.get("work_available") else None

    def heartbeat(self, agent_id, *beats):
        """Keeps leases alive; what the server says of each, by the lease."""
        path = ("api", "agents", agent_id, "heartbeat")
        told = self.ask("POST", path, {"leases": list(beats)})
        return {one["lease"]: one["verdict"] for one in told["leases"]}

    def report(self, agent_id, task, event_type, **said):
        body = {"event_type": event_type, "agent_id": agent_id, "task_id": task["task_id"], **said}
        if task.get("lease"):
            body["lease"] = task["lease"]
        return self.write("POST", ("api", "executions", task["execution_id"], "events"), body)

    # What happens, live.

    def follow(self, execution_id, after=None):
        """What happens to an execution, frame by frame, also after the server was away."""
        path, losses, has_begun = ("api", "executions", execution_id, "stream"), 0, False
        while True:
            try:
                with self._open("GET", path, {"after": after}, wait=SILENCE_SECONDS_MAX) as answer:
                    for position, frame in _frames(answer):
                        after = after if position is None else position
                        losses, has_begun = 0, True
                        yield frame
                # A stream that ended is opened again, where it was.
                losses += 1
            except Problem as problem:
                if not (has_begun and problem.retryable):
                    raise
                losses += 1
            except (Unreachable, OSError, http.client.HTTPException) as lost:
                if not has_begun:
                    raise Unreachable(f"no server answers at {self.url}: {lost}") from lost
                losses += 1
            time.sleep(min(WAIT_SECONDS * 2 ** min(losses - 1, 10), WAIT_SECONDS_MAX))

    # How it is sent.

    def write(self, method, path, body=None, key=None, reason=None, dry_run=False):
        """Writes; the same key and body count once, however often they are sent."""
        query = {"reason": reason, "dry_run": "true" if dry_run else None}
        told = self.ask(method, path, body, query, key=key or str(uuid.uuid4()))
        self._written = max(self._written, (told or {}).get("position") or 0)
        return told

    def ask(self, method, path, body=None, query=None, key=None, wait=0):
        """Sends a request until it is answered, refused for good, or patience is at its end."""
        pause = WAIT_SECONDS
        for tries in range(1, self._tries_max + 1):
            try:
                with self._open(method, path, query, body, key, wait) as answer:
                    text = answer.read(ANSWER_BYTES_MAX + 1)
                if len(text) > ANSWER_BYTES_MAX:
                    raise Unreachable(f"what answers at {self.url} says too much")
                return json.loads(text) if text else None
            except json.JSONDecodeError as wrong:
                raise Unreachable(f"what answers at {self.url} is no ax server") from wrong
            except Problem as problem:
                if not problem.retryable or tries == self._tries_max:
                    raise
                wait_now = problem.retry_after if problem.retry_after is not None else pause
            except (OSError, http.client.HTTPException) as lost:
                if tries == self._tries_max:
                    raise Unreachable(f"no server answers at {self.url}: {lost}") from lost
                wait_now = pause
            time.sleep(min(wait_now, WAIT_SECONDS_MAX))
            pause = min(pause * 2, WAIT_SECONDS_MAX)

    def _open(self, method, path, query=None, body=None, key=None, wait=0):
        if any(part in ("", ".", "..") for part in path):
            raise ValueError(f"{path!r} holds what cannot be an id")
        address = self.url + "/" + "/".join(urllib.parse.quote(part, safe="") for part in path)
        wishes = {name: value for name, value in (query or {}).items() if value is not None}
        if wishes:
            address += "?" + urllib.parse.urlencode(wishes)
        headers = {"Accept": "application/json", "User-Agent": "planexe-ax-python"}
        if self._key:
            headers["Authorization"] = f"Bearer {self._key}"
        if key:
            headers["Idempotency-Key"] = key
        data = None
        if body is not None:
            headers["Content-Type"] = "application/json"
            data = json.dumps(body).encode()
        request = urllib.request.Request(address, data, headers, method=method)
        try:
            return _OPENER.open(request, timeout=ANSWER_SECONDS_MAX + wait)
        except urllib.error.HTTPError as refused:
            with refused:
                text = refused.read(ANSWER_BYTES_MAX)
            raise _problem(refused.code, refused.headers, text, self.url) from None


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    """A key goes to the server that it is meant for, and nowhere else."""

    def redirect_request(self, *_):
        return None


_OPENER = urllib.request.build_opener(_NoRedirects)


def _problem(status, headers, text, url):
    try:
        told = json.loads(text)
        after = headers.get("Retry-After")
        return Problem(status, told, float(after) if after and after.isdigit() else None)
    except (ValueError, AttributeError):
        return Unreachable(f"what answers at {url} is no ax server: {status}")


def _frames(answer):
    """The frames of an open stream, each with its position."""
    position, lines = None, []
    for line in answer:
        line = line.decode("utf-8", "replace").rstrip("\r\n")
        name, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if name == "id" and value.isdigit():
            position = int(value)
        elif name == "data":
            lines.append(value)
        elif not line and lines:
            yield position, json.loads("\n".join(lines))
            position, lines = None, []


class Job:
    """A task in the hands of whoever works on it."""

    def __init__(self, task):
        self.task = task
        self.verdict = "ok"
        # Set when the work is to stop at once; whoever works long looks at it, or waits for it.
        self.is_over = threading.Event()
        self._progress, self._checkpoint = None, None

    def progress(self, percent, checkpoint=None):
        """Says how far the work is; the next sign of life carries it."""
        self._progress, self._checkpoint = percent, checkpoint or self._checkpoint

    def _beat(self):
        said = {"progress_percent": self._progress, "checkpoint": self._checkpoint}
        kept = {name: value for name, value in said.items() if value is not None}
        return {"lease": self.task["lease"], **kept}


class Worker:
    """An agent's loop: claim a task, keep it alive, report what came of it, stop when told to.

    `work(job)` does the task. What it returns is the task's output; it raises `WorkFailed`,
    `Blocked` or `Release` where there is none.
    """

    def __init__(self, client, agent_id, work, wait=25, heartbeat=20.0, lease_seconds=None):
        self._client, self._agent_id, self._work = client, agent_id, work
        self._wait, self._heartbeat, self._lease_seconds = wait, heartbeat, lease_seconds

    def run(self, is_done=lambda: False):
        """Works until somebody says that it is done; this is asked between two tasks."""
        while not is_done():
            self.step()

    def step(self):
        """Carries one task out, where there is one; says whether there was."""
        query = {"lease_seconds": self._lease_seconds}
        told = self._client.work(self._agent_id, self._wait, **query)
        if told is None:
            time.sleep(0.1 if self._wait else WAIT_SECONDS)
            return False
        task = told["next_task"]
        if told.get("force_cancel") or told.get("force_pause"):
            self._report(task, "task_released")
            return True
        if self._report(task, "task_started"):
            self._carry_out(task)
        return True

    def _carry_out(self, task):
        job, done = Job(task), threading.Event()
        keeper = threading.Thread(target=self._keep, args=(job, done), daemon=True)
        keeper.start()
        try:
            event_type, said = "task_complete", {"output_data": self._work(job)}
        except WorkFailed as failed:
            event_type, said = "task_error", {
                "error_type": failed.error_type,
                "error_message": str(failed),
                "human_review_required": failed.needs_person,
            }
            if failed.retryable is not None:
                said["retryable"] = failed.retryable
        except Blocked as blocked:
            event_type = "task_blocked"
            said = {"message": str(blocked), "suggestions": blocked.suggestions}
        except Release:
            event_type, said = "task_released", {}
        finally:
            done.set()
            keeper.join()
        if job.verdict == "cancel":
            event_type, said = "task_released", {}
        if job.verdict not in ("lost", "reset"):
            self._report(task, event_type, **said)

    def _keep(self, job, done):
        """Gives signs of life until the work is done, or is to stop."""
        lease = job.task["lease"]
        while not done.wait(self._heartbeat):
            try:
                job.verdict = self._client.heartbeat(self._agent_id, job._beat()).get(lease, "ok")
            except (Problem, Unreachable):
                continue
            if job.verdict in ("cancel", "lost", "reset"):
                job.is_over.set()
                return

    def _report(self, task, event_type, **said):
        """Reports; says whether it counts: it does not where the task is another's by now."""
        try:
            self._client.report(self._agent_id, task, event_type, **said)
            return True
        except Problem as problem:
            if problem.status != 409:
                raise
            return False
