"""The `crmcore` command."""
