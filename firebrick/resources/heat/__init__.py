"""Types that Heat serves itself, without a cloud. One type, one file; the registry finds them here."""
