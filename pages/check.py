"""Check new parts: are today's parts good?"""

from __future__ import annotations

import streamlit as st

from core.ui.batch import results, source

st.title("Are today's parts good?", anchor=False)
source.show()
results.show()
