"""Parts of exercises that two lessons share; it imports the engine, and never a lesson."""
