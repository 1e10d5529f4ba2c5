"""What keeps voicectl from working here, and what to do about it."""
