"""The only way to a user's file, to a terminal and to a page.

Belongs here: opening, writing, tables of text, escaping for terminals and HTML, plots.
Does not: what a corpus, a model or a decision is.
"""
