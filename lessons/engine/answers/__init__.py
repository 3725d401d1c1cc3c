"""What a learner wrote, read as data: the function, what it needs, and its form."""
