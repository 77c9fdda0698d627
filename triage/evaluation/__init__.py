"""Measure backends on held-out documents, in jobs, as runs on disk.

Belongs here: evaluation, jobs, runs, label errors. Does not: printing; see the reports.
"""
