"""Carries plans out by the tools of agents, with a client that others wrote: over HTTP in the newest
revision and in an older one, and over standard input and output.

The arguments are the address of a server and the program ax; the variable AX_AGENT_KEY holds the key
of the agent agent_larry_001, who can send_email, and AX_OWNER_KEY that of an owner.
"""

import asyncio
import os
import sys

import httpx2
from mcp import Client, StdioServerParameters
from mcp.client.streamable_http import streamable_http_client

URL, PROGRAM = sys.argv[1:]
OWNER, AGENT = os.environ["AX_OWNER_KEY"], os.environ["AX_AGENT_KEY"]


def plan(name):
    leaf = {"subtask_id": "s1", "action": "send_email", "params": {"to": "carol"}}
    task = {"task_id": "t1", "title": "Write", "subtasks": [leaf]}
    phase = {"phase_id": "p1", "name": "One", "tasks": [task]}
    return {"plan_id": name, "goal": "Say hello", "phases": [phase]}


async def told(client, tool, **arguments):
    result = await client.call_tool(tool, arguments)
    assert not result.is_error, (tool, result)
    return result.structured_content


async def work(owner, agent, name):
    tools = await agent.list_tools()
    assert len(tools.tools) == 11, tools
    brought = {"plan": plan(name), "carry_out": True, "execution_id": name}
    await told(owner, "import_plan", **brought)
    refused = await agent.call_tool("import_plan", {"plan": plan("other")})
    assert refused.is_error, refused
    given = await told(agent, "get_work", wait_seconds=20)
    assert given["execution_id"] == name, given
    task = given["next_task"]
    about = {"execution_id": name, "task_id": task["task_id"], "lease": task["lease"]}
    await told(agent, "report_progress", progress_percent=50, **about)
    await told(agent, "heartbeat", leases=[{"lease": task["lease"]}])
    await told(agent, "complete_task", output_data={"sent": True}, **about)
    seen = await told(agent, "get_execution", execution_id=name)
    assert seen["execution"]["status"] == "COMPLETED", seen
    read = await agent.read_resource(f"ax://executions/{name}")
    assert name in read.contents[0].text, read
    assert (await agent.list_resource_templates()).resource_templates


def over_http(key):
    client = httpx2.AsyncClient(headers={"Authorization": f"Bearer {key}"}, timeout=90)
    return streamable_http_client(URL + "/mcp", http_client=client)


def over_stdio(key):
    environment = {"AX_URL": URL, "AX_KEY": key, "HOME": os.environ.get("HOME", "/")}
    return StdioServerParameters(command=PROGRAM, args=["mcp"], env=environment)


async def main():
    ways = [
        ("http_newest", over_http, "2026-07-28"),
        ("http_any", over_http, "auto"),
        ("http_older", over_http, "legacy"),
        ("stdio_any", over_stdio, "auto"),
        ("stdio_older", over_stdio, "legacy"),
    ]
    for name, way, mode in ways:
        async with Client(way(OWNER), mode=mode) as owner, Client(way(AGENT), mode=mode) as agent:
            await work(owner, agent, name)
            print(name, "carried out")


asyncio.run(main())
