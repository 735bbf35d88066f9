"""What the Makefile runs: the gates, the tests by folder, the demo. Not part of the installed package."""
