"""The watching process: decodes, detects, shows. It may die; recording does not notice."""
