"""The `smartrec` command."""
