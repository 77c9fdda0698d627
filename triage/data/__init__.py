"""From a source to clean, labelled, checked and split documents.

Belongs here: sources, cleaning, labels, checks, duplicates, splits, the vocabulary.
Does not: anything that has learned.
"""
