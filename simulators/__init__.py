"""The outside world: machines, faults, scenarios with ground truth, load, a private broker."""
