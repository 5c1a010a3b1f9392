"""A farm of one job in memory behind a link: all that an agent is, with the standard library only.

Arguments: folder of renderbus_link.py, number of tasks, then nothing or the command of the core.
"""

import sys

sys.path.insert(0, sys.argv[1])

import renderbus_link as link

TASKS = [
    {
        "job": "a",
        "ref": {"id": str(n), "frames": link.frame_text([2 * n + 1, 2 * n + 2])},
        "state": "queued",
        "claim": None,
    }
    for n in range(int(sys.argv[2]))
]
JOB = {
    "id": "a",
    "name": "shot",
    "dcc": "maya",
    "scene": "/projects/shot.ma",
    "outputs": ["/out/shot.####.exr"],
    "frames": link.frame_text(range(1, 2 * len(TASKS) + 1)),
    "user": "ada",
    "priority": 50,
    "submitted_at": "2026-11-20T09:00:00Z",
}


def log(sentence):
    sys.stderr.write(sentence + "\n")
    sys.stderr.flush()


def snapshot(params):
    head = {"taken_at": "2026-11-20T10:00:00Z", "workers": 2, "idle_workers": 1}
    row = {"job": JOB, "counts": {"queued": sum(one["state"] == "queued" for one in TASKS)}}
    tasks = [one for one in TASKS if one["job"] in params["tasks_of"]]
    return link.Pages(head, {"jobs": [row], "tasks": tasks})


def move(before, after, stamp):
    def handler(params):
        taken, refused = [], []
        for ref in params["tasks"]:
            task = TASKS[int(ref["id"])]
            if link.frame_numbers(ref["frames"]) != link.frame_numbers(task["ref"]["frames"]):
                refused.append({"ref": ref, "reason": "changed"})
            elif task["state"] not in (before, after):
                refused.append({"ref": ref, "reason": "not_queued"})
            else:
                claim = params["claim"]
                names = ("burst", "claim_epoch")
                task["claim"] = {name: claim[name] for name in names} if stamp else None
                task["state"] = after
                taken.append(ref)
        return {"taken": taken, "refused": refused}

    return handler


def annotate(params):
    raise link.RefusedError("the notes of job " + params["claim"]["job"] + " are locked")


HANDLERS = {
    "snapshot": snapshot,
    "job": lambda params: {"found": [JOB] if params["id"] == "a" else []},
    "tasks": lambda params: link.Pages({}, {"tasks": TASKS if "a" in params["ids"] else []}),
    "claim": move("queued", "suspended", stamp=True),
    "complete": move("suspended", "completed", stamp=True),
    "release": move("suspended", "queued", stamp=False),
    "fail": lambda _: 1 // 0,
    "annotate": annotate,
}


def main(command):
    name = "Python {}.{}".format(*sys.version_info)
    core = link.Core(command, log) if command else None
    agent = core.agent if core else link.Agent(*link.own_pipes(), log=log)
    print("what is printed does not disturb the link", flush=True)  # noqa: T201 - that is what is tried
    agent.greet(name, ["annotate", "complete", "fail"], 60)
    agent.serve(HANDLERS)
    if core:
        log(core.ending(60))
        return core.exit_code(60)
    agent.close(60)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[3:]))
