"""The detector that nvinfer shall run: our own, or the user's configuration of nvinfer.

Our own gets a configuration that is written here, beside its engine. The user's file is used as it
is and where it is, for its relative paths and its line numbers count; what must fit our pipeline is
said by properties of the element, which nvinfer lets win over the file.
"""

import hashlib
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import resources
from pathlib import Path
from typing import Final

from smartrec.detection.nvinfer_config import (
    PARSERS,
    Generated,
    Precision,
    configuration,
)
from smartrec.detection.nvinfer_engine import EngineName, engine_name, no_engine
from smartrec.detection.nvinfer_keys import PRECISIONS
from smartrec.detection.nvinfer_lint import Configuration
from smartrec.detection.persons import MIN_CONFIDENCE, MIN_CONFIDENCE_PGIE
from smartrec.detection.pgie_text import mistaken, placed
from smartrec.errors import EngineMissing, ModelUnusable
from smartrec.media.engines.deepstream import engine_cache
from smartrec.media.engines.deepstream.here import Here
from smartrec.media.engines.deepstream.lint import Wanted, lint, persons_of
from smartrec.media.engines.model_file import BUILT_IN, BUILT_IN_NAME
from smartrec.media.watch.messages import DetectorSetup
from smartrec.places import cache_dir

CONFIGURATIONS: Final = (".txt", ".yml", ".yaml")
_ASSET: Final = "nanodet-deepstream.onnx"
_PERSON: Final = 0
"""The one class that our model tells."""
_PRECISION: Final[Precision] = "fp16"


@dataclass(frozen=True, slots=True)
class Prepared:
    """What nvinfer needs, and what is known of the model.

    Attributes:
        config: For nvinfer's ``config-file-path``.
        properties: Further properties of nvinfer to set before it starts; they win over the file.
        name: Of the model, for people.
        digest: SHA-256 of the model's file, in hexadecimal.
        min_confidence: From which a person counts: the setting or the model's own.
        person_class_ids: Classes that are persons.
        engine: Where the engine is or will be; None where nvinfer puts it out of our sight.
        builds: No engine is there yet, so that the start takes minutes.
        notes: What the user should know, one sentence each.
    """

    config: Path
    name: str
    digest: str
    min_confidence: float
    person_class_ids: tuple[int, ...]
    engine: Path | None
    builds: bool
    properties: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


def why_not(setup: DetectorSetup) -> ModelUnusable | None:
    """Why DeepStream cannot run the model that the settings name, if the portable engine can."""
    if setup.model != BUILT_IN:
        path = Path(setup.model)
        if path.suffix.lower() in CONFIGURATIONS:
            return None
        return ModelUnusable(
            f"the model {path} is no configuration of nvinfer, and DeepStream cannot tell from an "
            "ONNX file how to read its outputs",
            hint="Name your configuration of nvinfer (.txt) as detector.model, or set "
            'detector.engine = "portable", or leave detector.model out',
        )
    if setup.person_class_ids is not None and set(setup.person_class_ids) != {_PERSON}:
        return ModelUnusable(
            "the built-in model knows persons only (class 0) on DeepStream, and "
            f"detector.person_class_ids asks for {', '.join(map(str, setup.person_class_ids))}",
            hint='Leave it out, or set detector.engine = "portable"',
        )
    return None


def prepare(
    setup: DetectorSetup,
    batch: int,
    here: Here,
    *,
    interval: int = 0,
    cache: Path | None = None,
) -> Prepared:
    """Make everything ready that nvinfer reads, and look for what would stop it.

    It may take seconds: files are hashed, and a custom library is tried in a child process.

    Args:
        setup: The settings.
        batch: How many cameras are looked at.
        here: The DeepStream and the GPU.
        interval: Batches let pass after each one that is looked at; of our own model only.
        cache: Instead of the user's cache directory.

    Raises:
        ModelUnusable: DeepStream cannot run this model, or the cache cannot be written.
        ConfigError: The user's configuration cannot be used; with every mistake at once.
        EngineMissing: DeepStream is not whole.
    """
    if refused := why_not(setup):
        raise refused
    version = here.installed.version
    libraries = (here.installed.root / "lib",)
    wanted = Wanted(batch, setup.person_class_ids, version, libraries)
    if setup.model != BUILT_IN:
        return _of_file(Path(setup.model).expanduser(), setup, wanted)
    cache = cache_dir() if cache is None else cache
    place = engine_cache.place(cache, here, engine_cache.tensorrt_version(os.environ))
    return _of_ours(setup, wanted, here, place, interval)


def _of_ours(
    setup: DetectorSetup, wanted: Wanted, here: Here, place: Path, interval: int
) -> Prepared:
    asset = Path(str(resources.files("smartrec") / "assets" / "models" / _ASSET))
    sha256 = _sha256(asset)
    onnx = place / f"{asset.stem}-{sha256[:12]}.onnx"
    engine_cache.keep_copy(asset, onnx)
    labels = engine_cache.keep_text("person\n", place, "labels", ".txt")
    library = here.installed.root / "lib" / PARSERS
    engine = _kept_engine(onnx, wanted.batch, "gpu0", _PRECISION)
    text = configuration(
        Generated(
            onnx_file=onnx.name,
            engine_file=engine.name,
            labels_file=labels.name,
            library=str(library),
            batch=wanted.batch,
            interval=interval,
            precision=_PRECISION,
            persons=(_PERSON,),
        )
    )
    config = engine_cache.keep_text(text, place, "nvinfer", ".txt")
    _is_whole(lint(config, wanted), here)
    floor = MIN_CONFIDENCE if setup.min_confidence is None else setup.min_confidence
    return Prepared(
        config=config,
        name=BUILT_IN_NAME,
        digest=sha256,
        min_confidence=floor,
        person_class_ids=(_PERSON,),
        engine=engine,
        builds=not _is_engine(engine),
    )


def _is_whole(found: Configuration, here: Here) -> None:
    """What is wrong with a file of ours is wrong with the DeepStream that it names."""
    wrong = [each for each in found.findings if each.stops]
    if wrong:
        raise EngineMissing(
            f"{here.installed.words} in {here.installed.root} is not whole: "
            + "; ".join(each.words for each in wrong),
            hint="Install it again; docs/guide/deepstream.md says how",
        )


def _of_file(path: Path, setup: DetectorSetup, wanted: Wanted) -> Prepared:
    found = lint(path, wanted)
    if any(each.stops for each in found.findings):
        raise mistaken(path, [each for each in found.findings if each.stops])
    notes = [placed(path, each) for each in found.findings]
    persons = persons_of(found, wanted)
    engine, own, note = _engine_of(found, wanted.batch)
    least = found.threshold(persons)
    floor = MIN_CONFIDENCE_PGIE if least is None else least
    if setup.min_confidence is not None:
        floor = setup.min_confidence
        if least is not None and floor < least:
            note_of = f"{path}: drops persons below {least:g}, so that detector.min_confidence"
            notes.append(f"{note_of} = {floor:g} changes nothing; lower pre-cluster-threshold")
    model = _model_of(found)
    return Prepared(
        config=path.resolve(),
        name=model.name,
        digest=_sha256(model),
        min_confidence=floor,
        person_class_ids=persons,
        engine=engine,
        builds=engine is None or not _is_engine(engine),
        properties={"model-engine-file": str(own)} if own else {},
        notes=(*notes, *([note] if note else [])),
    )


def _engine_of(found: Configuration, batch: int) -> tuple[Path | None, Path | None, str]:
    """The engine that nvinfer will load, the same if the file does not say so, and a note."""
    said = found.file("model-engine-file")
    if said is not None and _is_engine(said):
        name = engine_name(said.name)
        if name is None or name.batch >= batch:
            return said, None, ""
    model = found.file("onnx-file") or found.file("tlt-encoded-model")
    if found.text("engine-create-func-name") or model is None:
        # Its name holds nothing of the model, so that it must not be taken by guess.
        kept = Path.cwd() / str(EngineName("model", batch, _device(found), _mode(found)))
        note = (
            f"{found.path}: its engine is built at each start; put model-engine-file={kept} there"
        )
        return None, None, note
    model = model.resolve()
    kept = _kept_engine(model, batch, _device(found), _mode(found))
    note = ""
    if not _is_engine(kept) and not os.access(model.parent, os.W_OK):
        note = f"{model.parent} cannot be written, so the engine is built at each start"
    return kept, None if kept == said else kept, note


def _device(found: Configuration) -> str:
    core = found.whole("use-dla-core", 0)
    if found.on("enable-dla") and core >= 0:
        return f"dla{core}"
    return f"gpu{found.whole('gpu-id', 0)}"


def _mode(found: Configuration) -> str:
    """The precision that nvinfer will build for: without calibration int8 becomes fp16."""
    mode = PRECISIONS.get(found.whole("network-mode", 0), "fp32")
    table = found.file("int8-calib-file")
    calibrated = table is not None and table.is_file()
    return mode if mode in ("fp32", "fp16") or calibrated else "fp16"


def _kept_engine(model: Path, batch: int, device: str, precision: str) -> Path:
    """Where nvinfer keeps the engine of a model; of fp32 where the GPU has no fast fp16."""
    kept = model.with_name(str(EngineName(model.name, batch, device, precision)))
    instead = model.with_name(str(EngineName(model.name, batch, device, "fp32")))
    return instead if not _is_engine(kept) and _is_engine(instead) else kept


def _is_engine(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            return no_engine(file.read(64)) is None
    except (OSError, ValueError):
        return False


def _model_of(found: Configuration) -> Path:
    """The file that stands for the model: what engines are built of, else the engine."""
    for key in ("onnx-file", "tlt-encoded-model", "model-engine-file", "model-file", "uff-file"):
        path = found.file(key)
        if path is not None and path.is_file():
            return path
    return found.path


def _sha256(path: Path) -> str:
    sha256 = hashlib.sha256()
    try:
        with path.open("rb") as file:
            while block := file.read(1 << 20):
                sha256.update(block)
    except OSError as error:
        raise ModelUnusable(
            f"the model {path} cannot be read: {error.strerror or error}",
            hint=f"Check the file: ls -l '{path}'",
        ) from error
    return sha256.hexdigest()
