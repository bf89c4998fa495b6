"""The specification: frozen pydantic models of everything a scenario may say. No Mesa, no SimPy, no randomness."""
