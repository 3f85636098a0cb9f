"""Sends texts through Kannel or a plain HTTP gateway."""
