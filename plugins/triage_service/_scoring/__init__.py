"""Scoring: worker processes that hold a model, micro-batches over pipes, and the swap of models.

Nothing here knows HTTP, people or the database.
"""
