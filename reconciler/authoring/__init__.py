"""Voice files as their authors handle them: made from a recording, brought into one form, moved."""
