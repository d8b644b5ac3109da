"""Faults, loads and checkers that prove the delivery protocol."""
