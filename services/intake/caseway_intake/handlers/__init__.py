"""One function a message, by stage."""
