"""Is a taught student better than the same one without a teacher, at equal cost?"""
