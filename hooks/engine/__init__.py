"""What the hook scripts share; it knows no gap and no rule."""
