"""The farm agent of a Qube: a program that ends in good order."""

from __future__ import annotations

import os
import signal
import threading

from deadline_bench import python
from qube_bench import agent, claim_of, submit


class TestStopping:
    def test_who_stops_the_agent_stops_the_core_which_has_its_farm_until_it_is_done(
        self, hands, tmp_path
    ):
        """A service manager may signal all processes of a service at once."""
        me, told = tmp_path / "pid", threading.Event()
        shell = tmp_path / "python"
        shell.write_text(f'#!/bin/sh\necho $$ > {me}\nexec {python()} "$@"\n')
        shell.chmod(0o755)
        job = submit(hands)
        with agent(tmp_path, hands, shell, lambda _: told.set()) as farm:
            os.kill(int(me.read_text()), signal.SIGTERM)
            assert told.wait(60)
            claim = claim_of(farm, job, 0)
            assert farm.claim(claim).taken == claim.tasks
