"""Kalman filters, one per sensor."""
