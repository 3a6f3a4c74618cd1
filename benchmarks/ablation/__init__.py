"""What each signal and each family of artifacts adds, by leaving it out."""
