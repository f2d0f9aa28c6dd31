"""The forms that payloads come in: a file each, with its settings beside it."""
