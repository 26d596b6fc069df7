"""What can go wrong, as rows: how it shows, why, and what mends it."""
