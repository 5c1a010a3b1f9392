"""Reading task.json and upload.json the way the cloud's analysis does: what to render, from what.

How pictures are named is an assumption. For the programs that the bridge sends, it shares it with
the simulator: `package.cloud_pictures`. Of all others the cloud makes
`<scene>.<frame, 4 digits>.<ending>`.
"""

from renderbus_core.simulator.documents.first_frames import first_frames
from renderbus_core.simulator.documents.plan import MOST_FRAMES, Layer, Plan, Work
from renderbus_core.simulator.documents.reading import RENDERED, read_plan

__all__ = ["MOST_FRAMES", "RENDERED", "Layer", "Plan", "Work", "first_frames", "read_plan"]
