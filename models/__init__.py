"""Algorithms: arrays in, numbers out. No clock, no network, no database."""
