"""The pipelines of microphones, as text."""

from smartrec.graph.sound import microphone


def test_a_card_is_asked_for_times_of_the_system() -> None:
    text = str(microphone("alsa", "hw:1,0"))
    assert "alsasrc name=source provide-clock=false slave-method=re-timestamp" in text
    assert 'device="hw:1,0"' in text
    assert "rate=48000,channels=1" in text
