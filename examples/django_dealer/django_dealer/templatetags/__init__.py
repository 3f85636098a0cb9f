"""What the templates of this project load."""
