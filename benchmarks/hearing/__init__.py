"""How well voicectl hears what is wrong with a sample: a labelled set, and what is found in it."""
