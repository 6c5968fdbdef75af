"""What the pages share: router, shell, state, panels. The only room that knows Streamlit."""
