"""What the user asks for: the settings file, checked and explained."""
