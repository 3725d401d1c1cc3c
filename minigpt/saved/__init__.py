"""What a training run keeps on disk: its folder, models, and the state to resume from."""
