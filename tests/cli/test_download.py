"""`renderbus download`: what is missing comes home again, copies go anywhere, nothing is lost."""

from __future__ import annotations

import pytest

# Nobody listens there, and nobody is asked.
NOWHERE = {
    "RENDERBUS_CLOUD_DOMAIN": "127.0.0.1:9",
    "RENDERBUS_CLOUD_SCHEME": "http",
    "RAYVISION_API_ACCESS_ID": "AKIDTEST",
    "RAYVISION_API_KEY": "a-key-of-the-test",
}


@pytest.fixture
def cloud(cloud_at):
    """Return what reaches a cloud whose frames take no time to speak of."""
    return cloud_at(600)


@pytest.fixture
def burst(renderbus, cloud, spin, tmp_path):
    """Return the id of a burst whose three pictures have come home."""
    job = renderbus("farm", "submit", spin, "--output", tmp_path / "renders/spin.####.png",
                    "--renderer", "stand-in", "--seconds", "0", "--frames", "1-3")  # fmt: skip
    answer = renderbus("burst", job.out.strip(), "--yes", "--json", env=cloud)
    assert answer.status == 0, answer.err
    return answer.lines[-1]["burst"]["id"]


@pytest.mark.heavy
def test_what_is_missing_damaged_or_somebody_s_is_found_and_fetched_or_left(
    renderbus, cloud, burst, tmp_path
):
    renders = tmp_path / "renders"
    whole = {path.name: path.read_bytes() for path in renders.iterdir()}
    assert sorted(whole) == ["spin.0001.png", "spin.0002.png", "spin.0003.png"]
    assert renderbus("download", burst, env=cloud).out == (
        "3 files are at home, 0 were fetched (0.0 MB).\n"
    )
    (renders / "spin.0001.png").unlink()
    (renders / "spin.0002.png").write_bytes(b"")
    (renders / "spin.0003.png").write_bytes(b"painted over by hand")

    dry = renderbus("download", burst, "--dry-run", env=cloud)
    assert dry.status == 1
    assert "spin.0001.png is not there" in dry.out
    assert "spin.0002.png has 0 bytes where the cloud has" in dry.out
    assert "spin.0003.png has 20 bytes where the cloud has" in dry.out
    assert "but is newer than the burst" in dry.out
    assert "1 files are at home" not in dry.out
    assert not (renders / "spin.0001.png").exists()

    answer = renderbus("download", burst, "--json", env=cloud)
    assert answer.status == 1, "one file is neither the cloud's nor touched"
    assert [len(answer.json[key]) for key in ("fetched", "failed", "left")] == [2, 0, 1]
    assert (renders / "spin.0001.png").read_bytes() == whole["spin.0001.png"]
    assert (renders / "spin.0002.png").read_bytes() == whole["spin.0002.png"]
    assert (renders / "spin.0003.png").read_bytes() == b"painted over by hand"

    assert renderbus("download", burst, "--replace", env=cloud).status == 0
    assert {path.name: path.read_bytes() for path in renders.iterdir()} == whole


@pytest.mark.heavy
def test_copies_lie_in_another_folder_as_in_the_cloud(renderbus, cloud, burst, tmp_path):
    whole = {path.read_bytes() for path in (tmp_path / "renders").iterdir()}
    answer = renderbus("download", burst, "--to", tmp_path / "copies", env=cloud)
    assert (answer.status, answer.err) == (0, "")
    assert "0 files are at home, 3 were fetched" in answer.out
    assert {p.read_bytes() for p in (tmp_path / "copies").rglob("*") if p.is_file()} == whole


@pytest.mark.heavy
def test_any_folder_of_the_storage_can_be_had(renderbus, cloud, burst, tmp_path):
    status = renderbus("status", burst, "--json").json
    folder = status["outputs"][0]["name"].rpartition("/")[0]
    target = tmp_path / "by hand"
    answer = renderbus("download", "--server-path", folder, "--to", target, env=cloud)
    assert answer.status == 0, answer.err
    assert len(list(target.iterdir())) == 3
    changed = next(target.iterdir())
    changed.write_bytes(b"changed")
    again = renderbus("download", "--server-path", folder, "--to", target, env=cloud)
    assert again.status == 1
    assert "has 7 bytes where the cloud has" in again.out
    assert changed.read_bytes() == b"changed"
    where = ("--server-path", folder, "--to", target)
    assert renderbus("download", *where, "--replace", env=cloud).status == 0
    nothing = renderbus("download", "--server-path", "12_none", "--to", target, env=cloud)
    assert nothing.status == 1
    assert "nothing lies in /12_none of the output storage" in nothing.err
    assert changed.read_bytes() != b"changed"


@pytest.mark.parametrize(
    ("arguments", "status", "sentence"),
    [
        ([], 2, "Name either a burst or --server-path."),
        (["b1", "--server-path", "x", "--to", "y"], 2, "Name either a burst or --server-path."),
        (["--server-path", "x"], 2, "--server-path needs --to"),
        (["--server-path", "../x", "--to", "y"], 1, "leads out of its folder"),
        (["b1"], 1, "there is no burst b1"),
    ],
)
def test_what_cannot_be_downloaded_is_one_sentence(renderbus, arguments, status, sentence):
    answer = renderbus("download", *arguments, env=NOWHERE)
    assert answer.status == status
    assert sentence in answer.err


def test_a_burst_that_never_left_has_nothing(renderbus, cloud, spin, tmp_path):
    job = renderbus("farm", "submit", spin, "--output", tmp_path / "r/spin.####.png",
                    "--renderer", "stand-in", "--seconds", "0", "--frames", "1")  # fmt: skip
    renderbus("burst", job.out.strip(), "--yes", "--detach", env=cloud)
    (burst,) = renderbus("status", "--json").json["bursts"]
    answer = renderbus("download", burst["id"], env=NOWHERE)
    assert answer.status == 1
    assert "never reached the cloud" in answer.err
