"""What voicectl is measured against. Each file is a program of its own, so that its start-up counts as ours does."""
