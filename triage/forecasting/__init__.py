"""Tomorrow's volume: counts of days, forecasting the past, intervals, and which forecaster to believe."""
