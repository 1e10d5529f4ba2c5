"""One voice, or more: two small neural models in numpy, and what they say together."""
