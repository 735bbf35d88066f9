"""``make bench``: what a stack costs beside the plainest fan-out of no-op activities on the same Temporal server."""
