"""The engines under comparison: one module each, each runnable by itself.

Every module offers ``run(residents, seed, staff)`` and ``main()``, so that
``python -m benchmarks.engines.NAME --residents 5000`` prints one line of JSON.
"""
