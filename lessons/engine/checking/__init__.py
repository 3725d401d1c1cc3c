"""From a learner's file to a result: reading, the supervisor, the bench and the judge."""
