"""What can go wrong with NVIDIA DeepStream; a section of `smartrec.app.doctor.troubles.table`."""

from collections.abc import Mapping
from typing import Final

from smartrec.app.doctor.troubles.trouble import Trouble

DEEPSTREAM: Final[Mapping[str, Trouble]] = {
    "no-deepstream": Trouble(
        "`DeepStream is not installed: /opt/nvidia/deepstream/deepstream is not there`",
        "`detector.engine` asks for it, or there is a GPU of NVIDIA's; and it is not where its "
        'package puts it. With `"auto"` the portable engine does the work meanwhile.',
        "[DeepStream](deepstream.md#what-to-install) names the package for each JetPack; "
        "`sudo apt install ./deepstream-VERSION_arm64.deb`",
        (
            r"deepstream is not installed",
            r"libnvds\w*\.so.{0,60}(no such file|cannot open)",
            r"no module named '?(pyds|pyservicemaker)",
        ),
    ),
    "deepstream-too-old": Trouble(
        "`JetPack 5 or older (L4T 35) is not supported`, or DeepStream 6.3",
        "They are tied to Python 3.8 and GStreamer 1.16; what clips need came with 3.10 and 1.20.",
        "JetPack 6 or 7 by NVIDIA's SDK Manager, on a Jetson Orin or Thor; a Xavier or Nano cannot "
        "have it",
        (
            r"jetpack [345]\b",
            r"\bl4t 3[25]\b",
        ),
    ),
    "deepstream-not-whole": Trouble(
        "`DeepStream 8.0 … is not whole: GStreamer finds no nvinfer`",
        "Its packages are there in part; or a library that it needs is not (of CUDA, TensorRT, "
        "cuDNN), and GStreamer remembers that it once failed to load.",
        "`rm -rf ~/.cache/gstreamer-1.0`, then `smartrec doctor`: it names the library",
        (
            r"(erroneous pipeline: )?no element \"?nv\w+\"?",
            r"libnvdsgst_\w+\.so",
            r"libnvinfer\w*\.so.{0,60}(no such file|cannot open)",
        ),
    ),
    "other-cuda": Trouble(
        "`… finds no GPU that it can use`; `it needs libcudart.so.12, which is not found`",
        "Each DeepStream is made for one CUDA: a driver that is older, or a JetPack of another "
        "year, does not fit. In a container: it was started without the GPU.",
        "`nvidia-smi` shows the driver; [the table](deepstream.md#what-to-install) what fits; "
        "`docker run --runtime nvidia`",
        (
            r"libcudart\.so",
            r"cuda driver version is insufficient",
            r"no cuda-capable device",
            r"cuda_error_no_device",
            r"nvidia-smi has failed",
            r"unsupported gpu architecture",
        ),
    ),
    "metadata-unread": Trouble(
        "`DeepStream 10.0 is laid out in a way that is not known`",
        "What nvinfer found is read in memory, where each version may lay it out differently. "
        "Before anything is read the library is asked; an answer that does not fit ends it.",
        "DeepStream 6.4 to 9.1, or pyds for this one; recording by key goes on without",
        (r"laid out in a way that is not known",),
    ),
    "no-font": Trouble(
        "No boxes and no texts on DeepStream's picture",
        "nvdsosd ends the whole process where fontconfig knows no font, so it is left out.",
        "`sudo apt install fonts-dejavu-core`",
    ),
    "no-smart-record": Trouble(
        "`NVIDIA's smart record library cannot be used`",
        '`recording.recorder` is `"nvdssr"` and libnvdsgst_smartrecord.so is not there or does not '
        "load. smartrec's own recorder takes over; nothing is lost.",
        "`ls /opt/nvidia/deepstream/deepstream/lib/libnvdsgst_smartrecord.so`; "
        "`recording.smart_record_library` names another place",
        (
            r"libnvdsgst_smartrecord",
            r"smart record library",
        ),
    ),
    "no-frames": Trouble(
        "DeepStream runs, and the screen stays black: no video frames",
        "A JPEG that the hardware cannot decode (4:4:4, or any on Thor: there the processor does "
        "it), an H.264 camera that sends no keyframe, or a container without the GPU or the "
        "camera.",
        "`smartrec clips show last` says whether the camera gives pictures; `docker run --runtime "
        'nvidia --device /dev/video0`; `detector.engine = "portable"` shows whether it is '
        "DeepStream",
        (r"no (video )?frames (received|arrive)",),
    ),
    "nvinfer-config": Trouble(
        "`pgie.txt:7: network-mode: must be …`; of DeepStream: `Configuration file parsing failed`",
        "The configuration of nvinfer has mistakes. All are told at once before the pipeline "
        "starts, also those of which DeepStream only warns, each with its line.",
        "Mend these lines; without `detector.model` the built-in model needs no such file",
        (
            r"configuration file parsing failed",
            r"config file path.{0,80}nvinfer",
            r"nvdsinfer_invalid_params",
        ),
    ),
    "nvinfer-model": Trouble(
        "`pgie.txt:2: onnx-file: … (NVDSINFER_CONFIG_FAILED)`",
        "DeepStream ends nearly every start of a model that fails with this one code: a file "
        "is missing, or TensorRT cannot build the model. The line is the likely one.",
        "`/usr/src/tensorrt/bin/trtexec --onnx=MODEL.onnx` says what TensorRT minds",
        (
            r"nvdsinfer_config_failed",
            r"nvdsinfer_tensorrt_error",
            r"failed to create nvdsinfercontext",
            r"nvdsinfercontext\w*.{0,40}failed",
        ),
    ),
    "nvinfer-library": Trouble(
        "`pgie.txt:9: custom-lib-path: …`; of DeepStream: `NVDSINFER_CUSTOM_LIB_FAILED`",
        "The library is missing, was compiled for another machine or DeepStream, lacks one "
        "that it needs, or lacks the function that the file names.",
        "`ldd LIBRARY.so`; `nm -D --defined-only LIBRARY.so`; compile it anew on this machine",
        (
            r"nvdsinfer_custom_lib_failed",
            r"could not (open|find).{0,30}(custom )?lib",
            r"failed to (load|open) .{0,20}custom",
        ),
    ),
    "nvinfer-id": Trouble(
        "Of DeepStream: `Unique ID not set`",
        "`gie-unique-id` is 0 or missing in a configuration that another program uses; "
        "smartrec sets it itself.",
        "`gie-unique-id=1` below `[property]`",
        (
            r"unique id not set",
            r"gie-unique-id",
        ),
    ),
    "nvinfer-engine": Trouble(
        "`model-engine-file: was built by another TensorRT`, or for another GPU or batch",
        "An engine of TensorRT fits one version, one kind of GPU and up to so many cameras. "
        "Where the ONNX file is there a new one is built, which takes minutes.",
        "`rm MODEL.onnx_b1_gpu0_fp16.engine`; of the built-in model: "
        "`rm -r ~/.cache/smartrec/deepstream`",
        (
            r"deserialize\w* .{0,40}engine",
            r"engine plan file",
            r"model-engine-file",
            r"serialization (assertion|error).{0,40}",
        ),
    ),
    "nvinfer-labels": Trouble(
        "`pgie.txt:5: labelfile-path: … is empty`",
        "nvinfer takes the first line for class 0 and so on; without lines nothing has a name, and "
        "nobody is a person.",
        "One name a line, as many as `num-detected-classes`",
        (
            r"labelfile-path",
            r"could not open.{0,20}label",
        ),
    ),
    "hardware-jpeg": Trouble(
        "JPEG is not decoded by the hardware, or its pictures are torn, green or shifted",
        "Some cameras' JPEGs (4:2:2, odd sizes, no Huffman tables) trip the hardware; programs "
        "switch it off for all. Thor's nvv4l2decoder decodes no JPEG at all.",
        'On Thor smartrec decodes by the processor; elsewhere `detector.engine = "portable"` '
        "shows whether it is the hardware. Clips hold the camera's own bits either way",
        (
            r"nvjpeg(dec)?\b",
            r"nvmmlite.{0,40}jpeg",
            r"(hw|hardware) jpeg",
            r"unsupported jpeg",
        ),
    ),
}
