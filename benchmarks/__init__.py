"""Speed of Firstline beside its peers: one workload, one process per run, one command.

``python -m benchmarks.run`` measures and checks; ``benchmarks/README.md`` says how to read it.
"""
