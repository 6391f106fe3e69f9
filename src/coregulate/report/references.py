"""What the numbers in a report rest on: each paper once, with its DOI, and what it is cited for."""

from __future__ import annotations

from typing import NamedTuple


class Reference(NamedTuple):
    """A source: who, when, DOI (or where it appeared), and what it is cited for."""

    who: str
    year: str
    doi: str
    used_for: str


REFERENCES = (
    Reference("Makowski et al.", "2021", "10.3758/s13428-020-01516-y", "beats (NeuroKit2)"),
    Reference("Lipponen & Tarvainen", "2019", "10.1080/03091902.2019.1640306", "correction of beats"),
    Reference("Porges & Bohrer", "1990", "", "respiratory sinus arrhythmia"),
    Reference("Lewis, Furman, McCool & Porges", "2012", "10.1016/j.biopsycho.2011.11.009",
              "respiratory sinus arrhythmia: filter and bands"),
    Reference("Abney et al.", "2021", "10.1016/j.infbeh.2021.101569", "its sliding window"),
    Reference("Kreibig", "2010", "10.1016/j.biopsycho.2010.03.010", "directions of bodily cues"),
    Reference("Juslin & Laukka", "2003", "10.1037/0033-2909.129.5.770", "directions of vocal cues"),
    Reference("Baucom et al.", "2009", "10.1037/a0014405", "range of pitch and arousal in couples"),
    Reference("Weusthoff et al.", "2013", "10.1037/a0031887", "range of pitch and distress in couples"),
    Reference("Heldner & Edlund", "2010", "10.1016/j.wocn.2010.08.002", "turns, gaps and overlaps"),
    Reference("Larsen, Norris & Cacioppo", "2003", "10.1111/1469-8986.00078", "lowered brows and valence"),
    Reference("Butler & Randall", "2013", "10.1177/1754073912451630", "what co-regulation means"),
    Reference("Butler & Randall, author reply", "2013", "10.1177/1754073912451632", "that it means damping"),
    Reference("Reed et al.", "2015", "10.1037/a0038561", "coupled amplification"),
    Reference("Butler & Barnard", "2019", "10.1097/PSY.0000000000000703", "coupled oscillators"),
    Reference("Boker et al.", "2002", "10.1037/1082-989X.7.3.338", "windowed lagged cross-correlation"),
    Reference("Kleinbub & Ramseyer", "2021", "10.1080/10503307.2020.1844334", "its aggregates (rMEA)"),
    Reference("Tschacher & Meier", "2020", "10.1080/10503307.2019.1612114", "its aggregates (SUSY)"),
    Reference("Dean & Dunsmuir", "2015", "10.3758/s13428-015-0611-2", "why a correlation needs surrogates"),
    Reference("Tronick & Cohn", "1989", "Child Development 60, 85-92", "mismatch and repair are normal"),
    Reference("Lehrer & Gevirtz", "2014", "10.3389/fpsyg.2014.00756", "paced breathing near 0.1 Hz"),
)  # fmt: skip

CRITICISM = (
    Reference("Grossman", "2023", "10.1016/j.biopsycho.2023.108589", "criticism of polyvagal theory"),
    Reference("Neuhuber & Berthoud", "2022", "10.1016/j.biopsycho.2022.108425",
              "criticism of its anatomy"),
    Reference("Porges", "2023", "10.1016/j.cpnec.2023.100200", "a restatement of the theory"),
    Reference("Grossman & Taylor", "2007", "",
              "respiratory sinus arrhythmia is not a pure index of vagal tone"),
)  # fmt: skip
