"""The plugin host: finds, checks, guards and isolates plugins.

Belongs here: the records, protocols and hooks that a plugin meets. Does not: anything that reads a document.
"""
