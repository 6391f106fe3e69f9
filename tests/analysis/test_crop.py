"""What lies within a stretch stays, whole or in part; what lies outside goes."""

from coregulate.analysis.crop import cropped_track
from coregulate.core import Label, Segment, Track


def test_marks_without_length_stay_where_they_lie_inside() -> None:
    labels = [
        Label(-5, -5, "before"), Label(-5, 0, "ends there"), Label(0, 0, "start"), Label(3, 3, "tap"), Label(8, 12, "long"),
        Label(10, 10, "end"),
    ]  # fmt: skip
    kept = cropped_track(Track(tuple(labels), "marks"), Segment(0, 10))
    assert kept.labels == (Label(0, 0, "start"), Label(3, 3, "tap"), Label(8, 10, "long"))
    assert kept.name == "marks"
