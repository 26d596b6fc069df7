"""The page: a process of its own that browsers talk to, so that the recorder need not."""
