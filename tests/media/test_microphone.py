"""Which microphone is a camera's: by the kernel's own words, laid out as files.

What ALSA does, and cards that are lost, are in `tests/usb/guest/sound_cases.py`.
"""

from pathlib import Path

from smartrec.graph.sound import microphone
from smartrec.media.alsa_cards import microphone_in


def lay_out(root: Path, *, sound: str = "usb1/1-2/1-2:1.2") -> None:
    """A camera in port 1-2, and a card that records."""
    port = root / "sys/devices/pci/usb1/1-2"
    (port / "1-2:1.0/video4linux/video0").mkdir(parents=True)
    (port / "busnum").write_text("1\n")
    (port / "speed").write_text("480\n")
    (port / "1-2:1.0/video4linux/video0/device").symlink_to(port / "1-2:1.0")
    other = root / "sys/devices/pci/usb1/1-3"
    (other / "1-3:1.0").mkdir(parents=True)
    (other / "busnum").write_text("1\n")
    card = root / "sys/devices/pci" / sound / "sound/card1"
    card.mkdir(parents=True)
    (card / "id").write_text("C920\n")
    for kind, name, place in (
        ("video4linux", "video0", port / "1-2:1.0/video4linux/video0"),
        ("sound", "card1", card),
    ):
        (root / "sys/class" / kind).mkdir(parents=True)
        (root / "sys/class" / kind / name).symlink_to(place)
    (root / "proc/asound/card1/pcm0c").mkdir(parents=True)


def found(root: Path) -> str | None:
    card = microphone_in(Path("/dev/video0"), root / "sys", root / "proc")
    return None if card is None else card.id


def test_a_camera_has_the_microphone_that_is_in_the_same_device(tmp_path: Path) -> None:
    lay_out(tmp_path)
    assert found(tmp_path) == "C920"


def test_a_microphone_beside_it_is_not_its_own(tmp_path: Path) -> None:
    lay_out(tmp_path, sound="usb1/1-3/1-3:1.0")
    assert found(tmp_path) is None


def test_a_card_that_only_plays_is_no_microphone(tmp_path: Path) -> None:
    lay_out(tmp_path)
    (tmp_path / "proc/asound/card1/pcm0c").rename(tmp_path / "proc/asound/card1/pcm0p")
    assert found(tmp_path) is None


def test_a_machine_without_that_camera_has_none(tmp_path: Path) -> None:
    assert found(tmp_path) is None


def test_a_card_is_asked_for_times_of_the_system() -> None:
    text = str(microphone("alsa", "hw:1,0"))
    assert "alsasrc name=source provide-clock=false slave-method=re-timestamp" in text
    assert 'device="hw:1,0"' in text
    assert "rate=48000,channels=1" in text
