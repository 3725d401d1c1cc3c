"""Collections whose lack of variety is a dial, and what each metric makes of them."""
