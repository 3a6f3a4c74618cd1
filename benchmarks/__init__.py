"""What is measured: detection, honesty of the figures, speed, and others on the same evidence.

Each part is a package; what they share is beside it. All need the development install.
"""
