"""What was done: the state document, the journal of the run in progress, and the lock."""
