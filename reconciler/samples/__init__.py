"""What the audio is: asked from the bytes, never from the name."""
