"""The assets, one module per stage of the study. Each loads, calls one function of the science, and returns a table."""
