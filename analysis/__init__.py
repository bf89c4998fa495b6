"""Reads what runs leave: outcomes, intervals, figures, reports. Starts runs only through ``sim.run``."""
