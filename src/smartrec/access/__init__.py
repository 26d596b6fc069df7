"""Who may see and do what: users, sessions, tokens, links to one clip, and the log of all that."""
