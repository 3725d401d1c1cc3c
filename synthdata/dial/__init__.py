"""Collections whose lack of variety is a dial, and the verdict of each metric on them."""
