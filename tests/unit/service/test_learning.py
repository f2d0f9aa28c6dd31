from __future__ import annotations

import numpy as np

from core.plant import Mode
from service.learning import may_learn


def test_learning_needs_a_running_machine_believed_sensors_and_no_finding() -> None:
    mode = np.array([Mode.RUNNING, Mode.STARTING, Mode.OFF, Mode.RUNNING, Mode.RUNNING], np.int8)
    locked = np.array([False, False, False, True, False])
    doubted = np.array([False, False, False, False, True])
    assert may_learn(mode, locked, doubted).tolist() == [True, False, False, False, False]
