"""The Models & jobs page in pieces: the table of models, what can be done with them, jobs and what became of them."""
