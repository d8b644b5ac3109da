"""The rules of promises, pure."""
