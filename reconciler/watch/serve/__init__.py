"""The review page, live in a browser of this machine."""
