"""What a row of the cloud's hardware list says of scenes, whoever reads the list."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

_DIGITS = re.compile(r"[0-9]{1,6}")


@dataclass(frozen=True, slots=True)
class Refusals:
    """What a kind of machine does not render; ids and codes are text, as the protocol has both.

    Args:
        programs: numbers of programs.
        codes: of the scene analysis.
        versions: number of a program, and its version.
        plugins: patterns of `name version`, any case.
    """

    programs: Collection[str] = ()
    codes: Collection[str] = ()
    versions: Collection[tuple[str, str]] = ()
    plugins: Collection[str] = ()

    def objections(
        self,
        machine: str,
        cg_id: str,
        cg_version: str,
        plugins: Mapping[str, str],
        codes: Collection[str],
    ) -> Iterator[str]:
        """Yield, each in a sentence, why the machine does not render a scene.

        Args:
            machine: how to call it.
            cg_id: of the program, `2000` for Maya.
            cg_version: of the program.
            plugins: versions by name.
            codes: of the scene's analysis.
        """
        if cg_id in self.programs:
            yield f"machine {machine} does not render program {cg_id}"
        if (cg_id, cg_version) in self.versions:
            yield f"machine {machine} does not render version {cg_version} of program {cg_id}"
        for code in sorted(set(self.codes).intersection(codes)):
            yield f"machine {machine} does not render a scene whose analysis found code {code}"
        for name, version in plugins.items():
            if any(_matches(pattern, f"{name} {version}") for pattern in self.plugins):
                yield f"machine {machine} does not render with plug-in {name} {version}"


def leading_number(text: str) -> int:
    """Return the number that a text begins with: 10 for `10*GPU`; 0 without."""
    digits = _DIGITS.match(text)
    return int(digits[0]) if digits else 0


def _matches(pattern: str, text: str) -> bool:
    try:
        return re.search(pattern, text, re.IGNORECASE) is not None
    except re.error:
        # A pattern that is none can still be the very name.
        return pattern.casefold() == text.casefold()
