"""Detections over what a workspace's journal has sealed, each in a process of its own.

`runner.Runner` belongs to a service: it begins what was asked for, follows it, begins it anew where
it died, and by itself every so many hours. `python -m linkage.jobs` is the process (`child`): it
has a memory limit, a low priority, and no life without the service. What it is to do is in a file
(`task`); what it has done it says line by line (`lines`).
"""
