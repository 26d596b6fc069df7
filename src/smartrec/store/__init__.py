"""What stays: the catalogue of clips."""
