"""`python -m minigpt`: list the commands."""

import sys

COMMANDS = {
    "train": "train a model on a text",
    "sample": "write text with it",
    "evaluate": "measure how well it predicts, and how much it copies",
    "play": "write a run as one HTML file to play on",
    "compress": "make a file smaller with it, and get it back",
    "runs": "list what was trained, and overlay the curves",
    "corpora": "list, fetch and clear texts",
    "device": "measure which precision and how many threads are fastest here",
}

if __name__ == "__main__":
    for name, purpose in COMMANDS.items():
        print(f"python -m minigpt.{name:<9} {purpose}")
    print("each explains itself with --help")
    sys.exit(0 if len(sys.argv) == 1 or sys.argv[1] in ("-h", "--help") else 2)
