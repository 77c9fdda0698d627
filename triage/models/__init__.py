"""Train a model, keep its held-out answers, save and load it.

Belongs here: training, the model, its bundle on disk. Does not: deciding where a document goes.
"""
