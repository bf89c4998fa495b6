"""What a run leaves: the schema of every column, append buffers, and the result."""
