"""What may happen to a complaint, by when, by whom, and who is told when it is late (ISO 10002; domain 6.7)."""
