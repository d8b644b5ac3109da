"""A real service's process with only one of its stages.

`python -m tests.load.one_stage intake intake.core`: the service as its `app.build` makes it, without its other stages
and without its loops, so that what is measured is that stage. With `BENCH_PROFILE` a cProfile is written at the end.
"""

from __future__ import annotations

import cProfile
import dataclasses
import importlib
import os
import sys

from caseway.runtime.application import run


def main(service: str, stage: str) -> None:
    whole = importlib.import_module(f"caseway_{service}.app").build()
    chosen = tuple(each for each in whole.stages if each.name == stage)
    assert chosen, f"{service} has no stage {stage}"
    run(dataclasses.replace(whole, stages=chosen, loops=()))


if __name__ == "__main__":
    if path := os.environ.get("BENCH_PROFILE"):
        profile = cProfile.Profile()
        try:
            profile.runcall(main, *sys.argv[1:])
        finally:
            profile.dump_stats(path)
    else:
        main(*sys.argv[1:])
