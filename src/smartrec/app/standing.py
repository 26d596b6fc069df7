"""How a camera stands, in the one word that the screen, the page and monitoring make theirs of."""


def stands(phase: str, *, silent: bool, pictures: int) -> str:
    """``"starting"``, ``"live"``, ``"silent"``, ``"lost"``, ``"unseen"`` or ``"ended"``.

    One that never sent a picture is not lost, it was never there: it is unseen.

    Args:
        phase: As `smartrec.app.camera.CameraPhase` has it.
        silent: Whether it is live and sends nothing just now.
        pictures: How many came so far.
    """
    if phase == "lost" and not pictures:
        return "unseen"
    return "silent" if silent else phase
