"""What is made only when it is asked for."""

from pipeline.publish.on_demand import OnDemand


def test_nothing_is_made_before_it_is_asked_for_and_nothing_is_kept():
    made = []
    pages = OnDemand({name: lambda name=name: made.append(name) or name.upper() for name in ("a", "b")})
    assert (len(pages), list(pages), "b" in list(pages), made) == (2, ["a", "b"], True, [])
    assert dict(pages.items()) == {"a": "A", "b": "B"}
    assert pages["b"] == "B"
    assert made == ["a", "b", "b"]
