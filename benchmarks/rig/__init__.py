"""What the benchmarks are built from: fleets, loads, a test stand, and how each reports."""
