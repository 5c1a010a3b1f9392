"""How fast scenes are read, against a bare loop over the lines of the same file.

Run: python benchmarks/bench_scene.py [MEGABYTES]
"""

from __future__ import annotations

import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

EXAMPLES = Path(__file__).resolve().parent.parent / "examples"
MEGABYTE = 1_000_000
BLEND_BODY = 2_000 * MEGABYTE

ROWS = b"".join(b"\t\t%d.12345678 %d.87654321 -%d.5\n" % (i, 2 * i, 3 * i) for i in range(160))


def make_maya(path: Path, megabytes: int) -> None:
    """Write a scene of meshes with a texture after each."""
    with path.open("wb") as file:
        file.write(b'//Maya ASCII 2023 scene\nrequires maya "2023";\n')
        number = 0
        while file.tell() < megabytes * MEGABYTE:
            number += 1
            file.write(b'createNode mesh -n "m%d";\n' % number)
            for part in range(40):
                file.write(b'\tsetAttr ".vt[%d:%d]"\n%s\t\t;\n' % (part, part + 159, ROWS))
            file.write(b'createNode file -n "f%d";\n' % number)
            file.write(b'\tsetAttr ".ftn" -type "string" "maps/%d.png";\n' % number)
        file.write(b"// End of bench.ma\n")


def make_blend(path: Path) -> None:
    """Put a block with a huge body (a hole in the file) in front of a small scene's blocks."""
    from backports import zstd  # noqa: PLC0415 - only this case needs it

    content = zstd.decompress((EXAMPLES / "spin" / "spin.blend").read_bytes())
    head = b"DATA" + BLEND_BODY.to_bytes(4, "little") + bytes(16)
    with path.open("wb") as file:
        file.write(content[:12] + head)
        file.seek(BLEND_BODY, 1)
        file.write(content[12:])


def read_lines(path: Path) -> int:
    """Count lines, nothing else."""
    with path.open("rb") as file:
        return sum(1 for _ in file)


def read_scene(path: Path) -> int:
    """Inspect a scene."""
    from renderbus_core.scene import inspect  # noqa: PLC0415 - not part of the bare loop's memory

    return len(inspect(path).files)


CASES: dict[str, Callable[[Path], int]] = {"lines": read_lines, "inspect": read_scene}


def measure(case: str, path: Path) -> tuple[float, float, int]:
    """Run a case in a process of its own: seconds, peak MB, what it counted."""
    command = [sys.executable, __file__, "--case", case, str(path)]
    said = subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()
    return float(said[0]), float(said[1]), int(said[2])


def run_case(case: str, path: Path) -> None:
    """Print what `measure` reads."""
    CASES[case](path)
    began = time.perf_counter()
    counted = CASES[case](path)
    seconds = time.perf_counter() - began
    print(seconds, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, counted)


def main() -> None:
    """Make the files, measure, print a table."""
    megabytes = int(sys.argv[1]) if len(sys.argv) > 1 else 200
    folder = Path(tempfile.mkdtemp(prefix="bench-scene-"))
    try:
        maya, blend = folder / "bench.ma", folder / "bench.blend"
        make_maya(maya, megabytes)
        make_blend(blend)
        lines, _, _ = measure("lines", maya)
        scene, memory, files = measure("inspect", maya)
        body, body_memory, _ = measure("inspect", blend)
    finally:
        shutil.rmtree(folder)
    print(f"{'case':<34}{'seconds':>9}{'MB/s':>9}{'peak MB':>9}")
    print(f"{f'.ma {megabytes} MB, lines only':<34}{lines:>9.3f}{megabytes / lines:>9.0f}")
    print(
        f"{f'.ma {megabytes} MB, {files} textures':<34}"
        f"{scene:>9.3f}{megabytes / scene:>9.0f}{memory:>9.0f}"
    )
    print(f"{'.ma inspect / lines':<34}{scene / lines:>9.2f}")
    print(f"{'.blend with a body of 2 GB':<34}{body:>9.3f}{'':>9}{body_memory:>9.0f}")


if __name__ == "__main__":
    if sys.argv[1:2] == ["--case"]:
        run_case(sys.argv[2], Path(sys.argv[3]))
    else:
        main()
