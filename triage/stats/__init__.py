"""Statistics on arrays: metrics, intervals, comparison, calibration, out-of-scope scores.

Belongs here: functions of numpy arrays. Does not: files, plugins, models.
"""
