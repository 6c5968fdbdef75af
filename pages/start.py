"""Start: what can I do here, and with my own data?"""

from __future__ import annotations

from core.ui import onboarding

onboarding.hero()
onboarding.own_data()
onboarding.recent()
