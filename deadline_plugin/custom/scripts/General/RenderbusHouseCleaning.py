"""Keep a gateway job alive where no house cleaning does, for example from cron.

deadlinecommand -ExecuteScript RenderbusHouseCleaning.py

It does what the event plug-in does at each house cleaning, by the same settings. What was acted on
stays in the plug-in's metadata: only the plug-in itself may delete it.
"""

import sys
import time

from Deadline.Scripting import ClientUtils, RepositoryUtils

sys.path.insert(0, str(RepositoryUtils.GetRepositoryPath("custom/plugins/Renderbus", True)))

from renderbus_intents import ACKNOWLEDGED, EVENT, INTENT_PREFIX, read_acknowledged
from renderbus_keeper import Keeper

_LONGEST_SECONDS = 60.0


def __main__(*_args):
    """Do it; Deadline calls it."""
    setting = RepositoryUtils.GetEventPluginConfig(EVENT).GetConfigEntryWithDefault
    known = RepositoryUtils.GetEventPluginConfigMetaDataDictionary(EVENT)
    done = read_acknowledged(setting(ACKNOWLEDGED, ""))
    keys = {str(key) for key in known.Keys if str(key).startswith(INTENT_PREFIX)}
    keeper = Keeper(RepositoryUtils, setting)
    if keeper.is_due(len(keys - done), time.monotonic() + _LONGEST_SECONDS):
        for sentence in keeper.keep(str(ClientUtils.GetDeadlineTempPath())):
            ClientUtils.LogText("Renderbus: " + sentence)
