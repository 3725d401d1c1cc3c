"""The teacher's verb: a class's submissions, checked, with a table and feedback."""
