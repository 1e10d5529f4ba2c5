"""git, spoken through its command line: committing and pushing the state document, and reading its history."""
