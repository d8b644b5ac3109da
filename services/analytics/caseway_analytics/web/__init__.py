"""The live page, and the figures over HTTP."""
