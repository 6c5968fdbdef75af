"""ARIMA, one model per sensor."""
