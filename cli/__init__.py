"""The `millwright` command: parses, builds adapters, calls one function."""
