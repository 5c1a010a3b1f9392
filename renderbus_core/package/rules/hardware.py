"""Rules about the machines a task asks for; only with the cloud's hardware list at hand."""

from __future__ import annotations

from collections.abc import Iterator

from renderbus_core.package.rules.rule import Fault, Machine, Subject, in_task

_IDS = "task_info.hardwareConfigIds"
_AVAILABLE = 1


def machines_are_offered(subject: Subject) -> Iterator[Fault]:
    """Each machine that is asked for is in the list, on the task's platform, and can be had."""
    if subject.machines is None:
        return
    known = {str(machine.id): machine for machine in subject.machines}
    for number in _wanted(subject):
        machine = known.get(number)
        if machine is None:
            yield in_task(_IDS, f"no machine has the id {number}")
        elif not _is_on_platform(machine, subject):
            yield in_task(
                _IDS,
                f"machine {_named(machine)} is of platform {machine.platform}, "
                f"the task of {subject.info['platform']}",
            )
        elif machine.status != _AVAILABLE:
            yield in_task(_IDS, f"machine {_named(machine)} cannot be had at the moment")


def machines_render_scene(subject: Subject) -> Iterator[Fault]:
    """Each machine that is asked for renders the program, its version and its plug-ins."""
    for machine in _chosen(subject):
        for sentence in _objections(machine, subject):
            yield in_task(_IDS, sentence)


def machines_have_size(subject: Subject) -> Iterator[Fault]:
    """Memory and graphics cards of the task are those of the machines it asks for."""
    info = subject.info
    for machine in _chosen(subject):
        sizes = (("ram", machine.ram_gigabytes), ("graphics_cards_num", machine.gpu_count))
        for key, size in sizes:
            # 0 where the list does not tell, and for cards on machines without any.
            if size and int(info.get(key, size)) != size:
                yield in_task(
                    f"task_info.{key}",
                    f"it is {info[key]}, and machine {_named(machine)} has {size}",
                    f"set it to {size} or choose another machine",
                )


def some_machine_fits(subject: Subject) -> Iterator[Fault]:
    """A task that asks for no machine by its id can be rendered by one of the list."""
    if subject.machines is None or _wanted(subject):
        return
    here = [
        machine
        for machine in subject.machines
        if machine.status == _AVAILABLE and _is_on_platform(machine, subject)
    ]
    if any(not _objections(machine, subject) for machine in here):
        return
    reasons = {sentence for machine in here for sentence in _objections(machine, subject)}
    yield in_task(_IDS, f"no machine renders it: {', '.join(sorted(reasons)) or 'none is there'}")


def _wanted(subject: Subject) -> list[str]:
    """Return the ids that are asked for, under the newer name or the older one."""
    older = subject.info.get("hardwareConfigId")
    return subject.info.get("hardwareConfigIds") or ([older] if older else [])


def _chosen(subject: Subject) -> list[Machine]:
    wanted = _wanted(subject)
    return [machine for machine in subject.machines or () if str(machine.id) in wanted]


def _objections(machine: Machine, subject: Subject) -> tuple[str, ...]:
    software = subject.task["software_config"]
    return machine.objections(
        subject.program.cg_id,
        software["cg_version"],
        software.get("plugins", {}),
        subject.documents.tips.keys(),
    )


def _is_on_platform(machine: Machine, subject: Subject) -> bool:
    return subject.info.get("platform", "") in {"", str(machine.platform)}


def _named(machine: Machine) -> str:
    return f"{machine.id} ({machine.model})"
