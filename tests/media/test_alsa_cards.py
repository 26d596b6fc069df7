"""Sound cards, and which of them is a camera's: by the kernel's own words, laid out as files.

What ALSA does, and cards that are lost, are in `tests/usb/guest/sound_cases.py`.
"""

from pathlib import Path

from smartrec.media.alsa_cards import cards, microphone_in


def lay_out(root: Path, *, sound: str = "usb1/1-2/1-2:1.2") -> None:
    """A camera in port 1-2, a card that records and, on no USB, one that only plays."""
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
    player = root / "sys/devices/pci/sound/card0"
    player.mkdir(parents=True)
    (player / "id").write_text("HDMI\n")
    for kind, name, place in (
        ("video4linux", "video0", port / "1-2:1.0/video4linux/video0"),
        ("sound", "card0", player),
        ("sound", "card1", card),
    ):
        (root / "sys/class" / kind).mkdir(parents=True, exist_ok=True)
        (root / "sys/class" / kind / name).symlink_to(place)
    (root / "proc/asound/card1/pcm0c/sub0").mkdir(parents=True)
    (root / "proc/asound/card1/pcm0c/info").write_text("card: 1\nname: USB Audio\n")
    (root / "proc/asound/card0/pcm3p").mkdir(parents=True)


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


def test_cards_say_which_usb_device_they_are_part_of(tmp_path: Path) -> None:
    lay_out(tmp_path)
    speaker, microphone = cards(tmp_path / "sys", tmp_path / "proc")
    assert (speaker.id, speaker.captures, speaker.device) == ("HDMI", False, None)
    assert (microphone.id, microphone.captures, microphone.owner) == ("C920", True, None)
    assert microphone.name == "USB Audio"
    assert microphone.device == tmp_path / "sys/devices/pci/usb1/1-2"
    assert microphone.node == Path("/dev/snd/pcmC1D0c")


def test_a_microphone_that_is_recorded_from_says_by_whom(tmp_path: Path) -> None:
    lay_out(tmp_path)
    status = tmp_path / "proc/asound/card1/pcm0c/sub0/status"
    status.write_text("state: RUNNING\nowner_pid   : 4711\ntrigger_time: 1.2\n")
    assert cards(tmp_path / "sys", tmp_path / "proc")[1].owner == 4711
    status.write_text("closed\n")
    assert cards(tmp_path / "sys", tmp_path / "proc")[1].owner is None


def test_a_machine_without_sound_has_no_cards(tmp_path: Path) -> None:
    assert cards(tmp_path, tmp_path) == []
