"""The picture of the dialog in docs/deadline.md is what its script makes today."""

from __future__ import annotations

import pytest
from deadline_bench import pythons
from dialog_picture import submission_dialog

AGAIN = "PYTHONPATH=tests/fakes:. python tests/fakes/dialog_picture.py docs/deadline-dialog.svg"


@pytest.mark.parametrize("minor", pythons())
def test_the_picture_is_that_of_the_dialog_of_today(root, minor):
    kept = (root / "docs" / "deadline-dialog.svg").read_text(encoding="utf-8")
    assert kept == submission_dialog(pythons()[minor]), AGAIN
