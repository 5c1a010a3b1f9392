"""The cloud's hardware list as it comes, and which of its machines a script asks for."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from renderbus_core.machines import Refusals, leading_number
from renderbus_core.package import edit
from renderbus_core.package.compat.errors import Code, EditError
from renderbus_core.package.documents import Documents
from renderbus_core.package.findings import Finding, Severity

ANY = "Default"
"""Model that stands for every one."""

_WHERE = "task.json: task_info.hardwareConfigIds"
_EXAMPLE = "write for example {'model': 'Default', 'ram': '64GB', 'gpuNum': None}"
# What the vendor's check writes for machines without graphics cards.
_CARDS_WITHOUT = "2"
_MOST_SHOWN = 20


@dataclass(frozen=True, slots=True)
class OfferedMachine:
    """A row of the hardware list; `package.rules.Machine` describes what is asked of it.

    Args:
        id: its number.
        model: its name.
        ram_gigabytes: 0 where nobody says.
        gpu_count: 0 without.
        platform: where it stands.
        status: 1 when it can be had.
        refused: what it does not render.
    """

    id: int
    model: str
    ram_gigabytes: int
    gpu_count: int
    platform: int
    status: int
    refused: Refusals

    @classmethod
    def read(cls, row: Mapping[str, Any]) -> OfferedMachine:
        """Read a row; members that are missing or null refuse nothing.

        Ids and codes come as numbers and as text, and are compared as text.
        """
        return cls(
            id=int(row["id"]),
            model=str(row.get("model") or ""),
            ram_gigabytes=leading_number(str(row.get("ram"))),
            gpu_count=leading_number(str(row.get("gpuNum"))),
            platform=int(row.get("platform") or 0),
            status=int(row.get("status") or 0),
            refused=Refusals(
                programs=frozenset(map(str, row.get("notSupportCgId") or ())),
                codes=frozenset(map(str, row.get("notSupportCode") or ())),
                versions=frozenset(
                    (str(each.get("cgId")), str(each.get("cgVersionName")))
                    for each in row.get("notSupportCgVersions") or ()
                ),
                plugins=tuple(map(str, row.get("notSupportPluginList") or ())),
            ),
        )

    def __str__(self) -> str:
        cards = f" {self.gpu_count}*GPU" if self.gpu_count else ""
        return f"{self.model} {self.ram_gigabytes}GB{cards}"

    def objections(
        self, cg_id: str, cg_version: str, plugins: Mapping[str, str], codes: Collection[str]
    ) -> tuple[str, ...]:
        """Say, each in a sentence, why it does not render a scene."""
        return tuple(self.refused.objections(str(self), cg_id, cg_version, plugins, codes))


def chosen(
    documents: Documents, hardware: Mapping[str, Any] | None, listed: Sequence[OfferedMachine]
) -> tuple[Documents, list[Finding]]:
    """Return the documents asking for the machines that a script describes, and what is odd.

    Of several machines those are asked for that render the scene.

    Args:
        documents: of the task.
        hardware: `model`, one or a list, `Default` for all; `ram` like `64GB`; `gpuNum` like
            `2*GPU`, None for machines without. None leaves what task.json says.
        listed: the cloud's list.

    Raises:
        EditError: model or memory are not named.
    """
    if not hardware:
        return documents, []
    if not isinstance(hardware, Mapping):
        raise EditError(Code.TYPE, f"hardware_config is {hardware!r:.80}; {_EXAMPLE}")
    platform = documents.task["task_info"]["platform"]
    here = [each for each in listed if each.status and str(each.platform) == platform]
    alike = _described(hardware, here)
    if not alike:
        return documents, [_none_described(hardware, here)]
    objections = {machine.id: _objections(machine, documents) for machine in alike}
    fit = [machine for machine in alike if not objections[machine.id]]
    # Where none renders the scene, all are asked for: the rules then say why not.
    left_out = [
        Finding(
            "hardware_left_out",
            Severity.WARNING,
            _WHERE,
            f"{objections[machine.id][0]} (id {machine.id})",
            "nothing need be done, the other machines render it",
        )
        for machine in (alike if fit else [])
        if objections[machine.id]
    ]
    return edit.update_task_info(documents, _settings(fit or alike)), left_out


def _described(hardware: Mapping[str, Any], here: Sequence[OfferedMachine]) -> list[OfferedMachine]:
    model, ram = hardware.get("model"), hardware.get("ram")
    models = [model] if isinstance(model, str) else model
    if not isinstance(models, list | tuple) or not models or not leading_number(str(ram)):
        raise EditError(
            Code.TYPE,
            f"hardware_config names model {model!r:.80} and ram {ram!r:.80}; {_EXAMPLE}",
        )
    size = (leading_number(str(ram)), leading_number(str(hardware.get("gpuNum"))))
    return [
        machine
        for machine in here
        if (ANY in models or machine.model in models)
        and (machine.ram_gigabytes, machine.gpu_count) == size
    ]


def _none_described(hardware: Mapping[str, Any], here: Sequence[OfferedMachine]) -> Finding:
    names = list(dict.fromkeys(map(str, here)))
    more = f" and {len(names) - _MOST_SHOWN} more" if len(names) > _MOST_SHOWN else ""
    return Finding(
        "hardware_wanted",
        Severity.ERROR,
        _WHERE,
        f"no machine is {dict(hardware)!r:.200}",
        f"choose one of {', '.join(names[:_MOST_SHOWN])}{more}" if names else "ask again later",
    )


def _objections(machine: OfferedMachine, documents: Documents) -> tuple[str, ...]:
    software, info = documents.task["software_config"], documents.task["task_info"]
    plugins = software.get("plugins", {})
    return machine.objections(info["cg_id"], software["cg_version"], plugins, documents.tips)


def _settings(machines: Sequence[OfferedMachine]) -> Mapping[str, Any]:
    """Return what `task_info` says of machines that are alike in size."""
    first = machines[0]
    return {
        "hardwareConfigIds": [str(machine.id) for machine in machines],
        "ram": str(first.ram_gigabytes),
        "graphics_cards_num": str(first.gpu_count) if first.gpu_count else _CARDS_WITHOUT,
    }
