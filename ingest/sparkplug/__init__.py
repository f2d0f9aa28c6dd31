"""A Sparkplug B host application: births, data and deaths of edge nodes, as a state machine."""
