"""How fast voicectl is, against peers and against what the machine can do: see `python -m benchmarks.speed --help`."""
