"""What something costs, whatever else the machine has to do."""

import os


def processor_time() -> float:
    """Seconds that this process, and those of its children that have ended, have spent on a processor."""
    used = os.times()
    return used.user + used.system + used.children_user + used.children_system
