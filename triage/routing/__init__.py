"""From probabilities to decisions, and the promises about them.

Belongs here: the router, promises, capacity, monitoring, decisions on disk, early decisions, streaming.
Does not: measuring backends against each other.
"""
