"""State documents that several machines share: objects in a store, and the leases beside them."""
