"""Processes that begin with the libraries loaded: forks of one that has done nothing else.

`kill -9` takes a fork as it takes any process, and it is there in a few milliseconds instead of two seconds.
"""

import multiprocessing

nursery = multiprocessing.get_context("forkserver")
nursery.set_forkserver_preload(["core.start", "core.studio.worker", "openai", "streamlit"])
