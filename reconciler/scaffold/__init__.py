"""The files that a repository of voices begins with."""
