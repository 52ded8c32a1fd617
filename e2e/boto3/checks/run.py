"""All checks against the door at OORT_S3_URL; a word limits them to those whose names have it."""
import sys

import harness
import objects  # noqa: F401
import access  # noqa: F401
import buckets  # noqa: F401
import encryption  # noqa: F401

sys.exit(1 if harness.run_all(harness.only_asked()) else 0)
