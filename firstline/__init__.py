"""The face of Firstline: its command line. It holds no model and no statistics."""
