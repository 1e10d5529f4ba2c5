"""The review page: one HTML document that needs no network, for people who judge a change of voices by eye and ear."""
