"""watch: plans again whenever files, state or account change, for as long as somebody wants to look."""
