"""`python -m caseway_router`."""

from caseway.runtime.application import run
from caseway_router.app import build

if __name__ == "__main__":
    run(build())
