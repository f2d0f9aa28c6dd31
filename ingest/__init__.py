"""MQTT in: every message becomes a reading or a rejection, is durable, and then acknowledged."""
