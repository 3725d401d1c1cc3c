"""From an answer's source to a result: the supervisor, the bench and the judge."""
