"""The vocabulary: what exists, what was said, what was concluded. Imports nothing of ours."""
