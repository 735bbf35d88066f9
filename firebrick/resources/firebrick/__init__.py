"""Firebrick's own types, useful without a cloud. One type, one file; what several share is beside this package."""
