"""What decisions say about a run: verdicts and what pairs share -> weights and references anew."""
