"""The Sensors page: when did it start, and which sensor caused it?"""
