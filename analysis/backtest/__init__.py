"""Back-tests: a response learnt from some events of a log predicts the others, beside one crew with one capacity."""
