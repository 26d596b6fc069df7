"""The screen: a window, what is drawn on the pictures in it, and the keys pressed there."""
