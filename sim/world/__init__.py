"""The world as columns: who lives where, and what happens to them. Nothing here knows the response."""
