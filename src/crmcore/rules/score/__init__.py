"""Answers -> scores with their n and interval, and what two scores say about each other. Nothing here invents a weight."""
