"""Continual methods: settings of one loop, memory banks, and references that learn without labels."""
