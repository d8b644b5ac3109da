"""What tests are made of; never part of a running service."""
