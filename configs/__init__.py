"""What engineers edit: the plant, asset classes, service settings and scenarios that ship."""
