"""Thin doors for web frameworks, and the receiver of webhooks that ships with crmcore."""
