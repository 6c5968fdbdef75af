"""The Inspect page: which parts are bad, and where?"""
