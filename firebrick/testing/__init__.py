"""Supported fakes and servers for tests: of this project, and of those who write resource types."""
