"""The command line: one file a command. Each parses, calls one function, picks an exit code."""
