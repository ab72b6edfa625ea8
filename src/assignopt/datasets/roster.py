"""What the sales team is drawn from: its roster, what it sells to whom, words for accounts."""

from __future__ import annotations

from ..plan import Reason

SALES_IMPOSSIBLE = {
    "hanok-demo-395": Reason.NO_SKILL,
    "vaultex-proposal-396": Reason.NO_SKILL,
    "sakura-renewal-397": Reason.REGION,
    "megalith-tender-398": Reason.NO_CAPACITY,
    "weekender-meeting-399": Reason.NO_AVAILABILITY,
    "cityhall-proposal-400": Reason.NO_FIT,
}
"""The tasks of :func:`.sales_team` that nobody can hold, and the reason a plan has to give."""

ROSTER = (
    ("ana", "dach", "enterprise", 40),
    ("ben", "dach", "enterprise", 40),
    ("clara", "dach", "midmarket", 40),
    ("dev", "dach", "midmarket", 40),
    ("elif", "dach", "smb", 40),
    ("finn", "dach", "smb", 20),
    ("greta", "dach", "smb", 40),
    ("hugo", "uk", "enterprise", 40),
    ("isla", "uk", "midmarket", 40),
    ("jack", "uk", "midmarket", 40),
    ("kate", "uk", "smb", 40),
    ("liam", "uk", "smb", 40),
    ("maya", "uk", "smb", 20),
    ("nils", "nordics", "enterprise", 40),
    ("olga", "nordics", "midmarket", 20),
    ("per", "nordics", "smb", 40),
    ("quinn", "nordics", "smb", 40),
    ("rosa", "iberia", "enterprise", 40),
    ("sofia", "iberia", "midmarket", 40),
    ("tomas", "iberia", "smb", 20),
    ("uma", "iberia", "smb", 40),
    ("vera", "global", "enterprise", 40),
    ("walid", "global", "enterprise", 20),
    ("yara", "uk", "midmarket", 40),
)
ON_LEAVE, NEW_HIRES, SPECIALIST = "yara", ("greta", "uma"), "vera"

LANGUAGES = {
    "dach": ("german",),
    "uk": ("english",),
    "nordics": ("swedish", "english"),
    "iberia": ("spanish", "portuguese"),
    "global": ("english", "german", "spanish", "swedish"),
}
PRODUCTS = {"crm": 0.95, "analytics": 0.6, "payments": 0.3}
"""Product -> share of the reps who know it."""

CUSTOMERS = {"startup": 2500, "smb": 6000, "midmarket": 18000, "enterprise": 60000}
"""Customer type -> typical amount of a deal."""

DEALS = {"startup": 1, "smb": 1, "midmarket": 2, "enterprise": 3}
"""Customer type -> least level of the skill ``deals``."""

FITS = {
    "smb": {"startup": 0.8, "smb": 0.9, "midmarket": 0.4, "enterprise": 0.1},
    "midmarket": {"startup": 0.5, "smb": 0.7, "midmarket": 0.9, "enterprise": 0.4},
    "enterprise": {"startup": 0.3, "smb": 0.5, "midmarket": 0.7, "enterprise": 0.9},
}
KINDS = {
    "callback": (0.26, 0.25, 0.75, 0.1),
    "renewal": (0.25, 0.5, 2.0, 1.0),
    "demo": (0.20, 0.75, 1.5, 0.6),
    "proposal": (0.15, 1.0, 3.0, 1.2),
    "onboarding": (0.07, 1.5, 3.5, 0.8),
    "meeting": (0.05, 0.5, 1.0, 0.5),
    "tender": (0.02, 3.0, 6.0, 2.5),
}
"""Kind of task -> share of the tasks, least and most hours, share of the deal's amount."""

BURDENS = {"callback": 2.0, "tender": 3.0, "onboarding": 1.0}
_WORDS = (
    "acme alder amber anchor arbor aspen atlas aurora basalt beacon birch blossom bridge bright "
    "cedar cobalt comet copper coral crest crown delta drift ember falcon fern flint forge "
    "garnet glacier granite harbor hazel heron indigo ivory jasper juniper kestrel lantern "
    "larch linden lotus lunar maple marlin meadow mesa nectar nimbus north oak onyx opal orchid "
    "osprey pearl pine prism quarry quartz raven ridge river robin saffron sage sierra slate "
    "solar spruce sterling summit tidal timber topaz umber valley vector violet walnut willow "
    "zephyr"
)
STEMS = _WORDS.split()
TRADES = ("", "-foods", "-labs", "-works", "-media", "-mills")
