"""The vendor's own client drives the simulator with all it has; ours does so by the same calls."""

from __future__ import annotations

import json

import pytest

VENDOR, OURS = "rayvision_api", "renderbus_core.api.compat"
ATTRIBUTES = {
    "query": "QueryOperator",
    "env": "RenderEnvOperator",
    "tag": "TagOperator",
    "task": "TaskOperator",
    "transmit": "TransmitOperator",
    "user": "UserOperator",
}

pytestmark = pytest.mark.heavy


def layer(frames):
    return {
        "renderable": "1",
        "common": {
            "frames": frames,
            "start": "1",
            "end": "10",
            "by_frame": "1",
            "width": "64",
            "height": "36",
            "image_format": "png",
            "image_file_prefix": "",
            "all_camera": ["persp"],
            "render_camera": ["persp"],
            "renderer": "arnold",
        },
    }


def blender(frames):
    return {
        "frames": frames,
        "Output_path": "//render/shot_####",
        "Render_Format": "PNG",
        "width": "64",
        "height": "36",
        "camera_name": "Camera",
    }


def task(cg_id, name, version, scene, **scene_info):
    info = {
        "cg_id": cg_id,
        "input_cg_file": scene,
        "frames_per_task": "1",
        "pre_frames": "000",
        "stop_after_test": "2",
        "job_stop_time": "360000",
        "task_stop_time": "0",
        "time_out": "43200",
        "tiles": "1",
        "tiles_type": "block",
        "os_name": "0",
        "platform": "62",
        "channel": "4",
        "is_picture": "0",
        "project_id": "0",
        "project_name": "",
        "input_project_path": "",
        "task_id": "",
        "user_id": "",
        "ram": "64",
        "render_layer_type": "0",
    }
    software = {"cg_name": name, "cg_version": version, "plugins": {}}
    document = {"software_config": software, "task_info": info, **scene_info}
    upload = {"asset": [{"local": f"/work{scene}", "server": scene}]}
    return json.dumps(document), json.dumps(upload)


def known():
    """Return what the calls take for granted: configuration files of three tasks."""
    made = {}
    for name, frames in {"spin": "1-4[1]", "long": "1-2000[1]"}.items():
        scene = {"scene_info": {"common": blender(frames)}}
        scene["scene_info_render"] = scene["scene_info"]
        document = task("2007", "Blender", "3.4", "/show/spin.blend", **scene)
        made[f"{name}.task"], made[f"{name}.upload"] = document
    layers = {"beauty": layer("1-3[1]"), "shadow": layer("1-2[1]")}
    document = task("2000", "Maya", "2023", "/show/shot.ma", scene_info_render=layers)
    made["shot.task"], made["shot.upload"] = document
    return made


@pytest.fixture(scope="module")
def table(request):
    return json.loads(request.path.with_name("calls.json").read_text())["calls"]


@pytest.fixture(scope="module")
def driven(drive, simulator, table):
    """Return a function: package -> the answers to all calls, each package with its own cloud."""

    def run(package):
        with simulator() as api:
            return drive(package, "call", {"api": api, "calls": table, "known": known()})

    return run


@pytest.fixture(scope="module")
def vendors(driven):
    return driven(VENDOR)


@pytest.fixture(scope="module")
def ours(driven):
    return driven(OURS)


def wrong(table, answers, side):
    """Name the calls whose outcome is not the listed one."""
    found = []
    for row, answer in zip(table, answers, strict=True):
        kinds = answer.get("error", {}).get("kinds", [])
        expected = row.get(side)
        if kinds if expected is None else expected not in kinds:
            found.append(f"{row['call']} {row.get('with', '')}: {answer}, not {expected}")
    return found


def test_the_calls_cover_everything_the_vendors_client_has(drive, table):
    offered = drive(VENDOR, "names")
    called = {row["call"] for row in table}
    missing = {
        f"{attribute}.{name}"
        for attribute, operator in ATTRIBUTES.items()
        for name in offered[operator]
        if name != "__init__" and f"{attribute}.{name}" not in called
    }
    missing |= {
        name
        for name in offered["RayvisionAPI"]
        if name != "__init__" and not any(one.split(".")[0] == name for one in called)
    }
    assert missing == set()


# Names of the vendor's that ours has not, and arguments that differ, each with its reason.
MISSING = {
    ("RayvisionAPI", "connect"): "a raw call by its wire address; ours are in schemas/api.json",
    ("RayvisionAPI", "submit_by_data"): "B6: works with the layer that analyses scenes",
}
OTHER_ARGUMENTS = {
    ("QueryOperator", "restart_frame"): "B29: no selection is not all frames",
    ("QueryOperator", "stop_frame"): "B29: no selection is not all frames",
    ("RayvisionAPI", "__init__"): "more may be said behind the vendor's: language, seams",
}


def test_ours_has_the_vendors_names_and_arguments_but_for_what_is_listed(drive):
    theirs, ours = drive(VENDOR, "names"), drive(OURS, "names")
    names = [(kind, name) for kind in theirs for name in theirs[kind]]
    missing = {(kind, name) for kind, name in names if name not in ours[kind]}
    assert missing == set(MISSING)
    other = {
        (kind, name)
        for kind, name in names
        if (kind, name) not in MISSING and theirs[kind][name] != ours[kind][name]
    }
    assert other == set(OTHER_ARGUMENTS)
    begins = theirs["RayvisionAPI"]["__init__"]
    assert ours["RayvisionAPI"]["__init__"][: len(begins)] == begins


def test_the_vendors_client_is_served_by_the_simulator_with_everything_it_has(table, vendors):
    assert wrong(table, vendors, "vendor") == []


def test_a_script_of_the_vendors_client_runs_with_ours_by_another_import(table, ours):
    rows = [{**row, "ours": outcome_of_ours(row)} for row in table]
    assert wrong(rows, ours, "ours") == []


def outcome_of_ours(row):
    """Return what ours raises: what is listed, else nothing where the vendor's has a defect."""
    return row.get("ours") or (None if "defect" in row else row.get("vendor"))


def test_both_give_results_of_one_shape(table, vendors, ours):
    different = [
        f"{row['call']}: {shape(theirs['result'])} and {shape(mine['result'])}"
        for row, theirs, mine in zip(table, vendors, ours, strict=True)
        if "result" in theirs and "result" in mine
        if shape(theirs["result"]) != shape(mine["result"])
    ]
    assert different == []


def shape(value):
    """Return the names in a result and how many rows it has; times and ids differ."""
    if isinstance(value, dict):
        return {name: shape(one) for name, one in value.items()}
    return [shape(one) for one in value] if isinstance(value, list) else None


def test_an_error_of_the_cloud_has_the_same_code_in_both(table, vendors, ours):
    for row, theirs, mine in zip(table, vendors, ours, strict=True):
        if "RayvisionAPIError" in mine.get("error", {}).get("kinds", []):
            assert theirs["error"]["code"] == mine["error"]["code"], row
