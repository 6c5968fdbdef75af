"""The router: every request goes through here, whichever page it asks for."""

from __future__ import annotations

import streamlit as st

from core.settings import PROJECT
from core.ui import errors, nav, state, status

ASSETS = PROJECT / "assets"

st.set_page_config(page_title="Faultline", page_icon=ASSETS / "icon.svg", layout="wide")
st.logo(ASSETS / "logo.svg")
page = st.navigation([nav.page(name) for name in nav.PAGES], position="top")
try:
    missing = state.resolve()
    status.bar()
    for sentence in missing:
        st.warning(sentence, icon=":material/link_off:")
    page.run()
except Exception as error:  # the last line before the user: a sentence or a number, never a traceback
    errors.show(error)
