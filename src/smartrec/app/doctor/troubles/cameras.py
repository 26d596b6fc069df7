"""What can go wrong with cameras, their bus and their microphones; a section of the table."""

from collections.abc import Mapping
from typing import Final

from smartrec.app.doctor.troubles.trouble import Trouble

CAMERAS: Final[Mapping[str, Trouble]] = {
    "no-camera": Trouble(
        "No camera found",
        "None is plugged in, the kernel does not know it, or a container or virtual machine "
        "does not hand it in.",
        "Plug it in, then `smartrec cameras`; `lsusb` shows whether it is on the bus; "
        "`docker run --device /dev/video0` hands it in",
        (
            r"no camera found",
            r"cannot identify device '?/dev/video",
            r"/dev/video\d+'?:? no such file or directory",
            r"can't open camera",
        ),
    ),
    "forbidden": Trouble(
        "`/dev/video0 belongs to group video, and this user is not in it`",
        "Only members of the node's group may open a camera.",
        "`sudo usermod -aG video $USER`, then log out and in again",
        (
            r"/dev/video\d+ belongs to group",
            r"/dev/video\d+ may not be opened",
            r"/dev/video\d+.{0,40}permission denied",
            r"permission denied.{0,40}/dev/video",
        ),
    ),
    "busy": Trouble(
        "`/dev/video0 is held by PROGRAM (pid 123)`; of other programs: "
        "`VIDIOC_S_INPUT` or `VIDIOC_REQBUFS`: `Device or resource busy`",
        "A camera streams to one program at a time.",
        "`smartrec doctor` names the program: close it, or `kill 123`; `sudo fuser -v /dev/video0` "
        "sees those of other users as well",
        (
            r"/dev/video\d+ is held by",
            r"vidioc_\w+.{0,40}(device or )?resource busy",
            r"/dev/video\d+'? ?(is busy|.{0,40}resource busy)",
            r"could not open device '/dev/video",
            r"device or resource busy",
            r"could not lock camera",
        ),
    ),
    "unusable": Trouble(
        "The camera offers nothing that can be recorded",
        "Its formats are none of MJPEG, H.264, H.265 and raw: a depth camera, or a sensor "
        "that needs its maker's driver.",
        "`smartrec cameras --formats`",
        (r"nothing that can be recorded", r"is not a capture device", r"not a capture device"),
    ),
    "not-negotiated": Trouble(
        "Of GStreamer: `Internal data stream error`, `reason not-negotiated (-4)`",
        "Its pipeline asks for what the camera does not give: raw pictures at a size where it has "
        "only JPEG, or a rate that it lacks. smartrec asks for nothing but what is offered.",
        "`smartrec cameras --formats` lists what there is; `smartrec graph` prints caps that fit, "
        "such as `image/jpeg,width=1280,height=720,framerate=30/1 ! jpegdec`",
        (
            r"not-negotiated",
            r"internal data (stream|flow) error",
            r"has no supported format",
            r"can(no|')t (capture|negotiate|set format)",
            r"vidioc_s_fmt.{0,40}invalid argument",
            r"could ?n.t negotiate",
        ),
    ),
    "falls-off": Trouble(
        "The camera is gone and back again; `dmesg`: `error -71`, `error -110`, `USB disconnect`",
        "Errors on the wire: a long or bad cable, a hub without power of its own, a port that "
        "gives too little.",
        "Another port, a short cable, a hub with its own supply; `sudo dmesg --follow` while it "
        "runs; `power_cycle = true` switches a port that can be switched",
        (
            r"error -(71|110|32)\b",
            r"\((-71|-110|-32|-84)\)",
            r"usb disconnect",
            r"device descriptor read",
            r"unable to enumerate usb device",
            r"vidioc_d?qbuf.{0,40}(no such device|protocol error|input/output error)",
            r"could not read from resource",
            r"poll error",
            r"over-?current",
        ),
    ),
    "damaged-jpeg": Trouble(
        "`Corrupt JPEG data: premature end of data segment`; clips count pictures as `damaged`",
        "The camera sends JPEGs that are cut short: errors on the wire, or a bus that is too full.",
        "As for a camera that falls off the bus; or ask for less: `--size 640x480`",
        (
            r"corrupt jpeg data",
            r"premature end of (data segment|jpeg file)",
            r"huffman table 0x\d+ was not defined",
            r"error while decoding mcu",
            r"failed to decode jpeg",
            r"bogus (huffman|marker|sampling)",
        ),
    ),
    "rtsp-refused": Trouble(
        "`rtsp://me:***@HOST/… refuses this user and password`",
        "The camera knows no such user, or the password has letters that an address cannot "
        "hold as they are.",
        "Write `@` as `%40`, `:` as `%3A`, `/` as `%2F`, `%` as `%25` in the source's password",
        (
            r"refuses this user and password",
            r"wants a user and a password",
            r"redirects us to \S+, which asks for a password",
            r"401.{0,10}unauthorized",
            r"unauthorized.{0,10}401",
        ),
    ),
    "rtsp-untrusted": Trouble(
        "`rtsps://HOST/… shows a certificate that no known authority has signed`",
        "Most cameras make their own certificate, for which nobody vouches: an impostor could "
        "show one like it.",
        "If the camera's web page shows the same SHA-256, trust this one: `#sha256=…` at the end "
        "of the source, as the message has it",
        (
            r"shows a certificate that no known authority has signed",
            r"unacceptable tls certificate",
            r"(unable to get local issuer|self.?signed) certificate",
            r"certificate verif(y|ication) failed",
        ),
    ),
    "rtsp-other-certificate": Trouble(
        "`rtsps://HOST/… shows a certificate other than the one that its source names`",
        "The camera has made itself a new one (an update, a reset, another host name), or "
        "somebody on the network answers in its place.",
        "Compare with the camera's web page; if it is the camera's, write the new `#sha256=…` "
        "into the source",
        (r"shows a certificate other than the one that its source names",),
    ),
    "rtsp-gone": Trouble(
        "`rtsp://HOST/… does not answer, or the connection was lost`",
        "It is off, the network or the port is wrong, or it serves as many viewers as it can. "
        "It is tried again for as long as smartrec runs.",
        "`ping HOST`, then `ffprobe -rtsp_transport tcp rtsp://USER:PASSWORD@HOST/PATH`",
        (
            r"does not answer, or the connection was lost",
            r"answered with rtsp status \d+",
            r"connection (refused|timed out)",
            r"could not connect to server",
            r"no route to host",
            r"failed to connect",
        ),
    ),
    "rtsp-path": Trouble(
        "`rtsp://HOST/… has no such stream`",
        "The camera answers, and does not know the path; every maker has other ones.",
        "Look it up on the camera's web page or in its manual",
        (
            r"has no such stream",
            r"redirects us again and again",
            r"(404|454).{0,10}(stream |session )?not found",
        ),
    ),
    "rtsp-transport": Trouble(
        "`rtsp://HOST/… does not send by the transport that is set`, or nothing arrives by UDP",
        "It knows only the other of TCP and UDP, a firewall lets no UDP through, or the port is "
        "that of its web page.",
        '`transport = "auto"`, `"tcp"` or `"udp"`; most cameras have RTSP at port 554',
        (
            r"does not send by the transport",
            r"nothing of what it sends by udp",
            r"answers, but not by rtsp",
            r"(461|unsupported transport).{0,20}(transport|461)",
            r"could not receive any udp packets",
        ),
    ),
    "rtsp-codec": Trouble(
        "`rtsp://HOST/… sends no H.264 and no H.265`",
        "The stream is sound only, or of another codec, such as MJPEG.",
        "Choose H.264 on the camera's web page, or the path of another stream",
        (r"sends no h\.264",),
    ),
    "camera-clock": Trouble(
        "`the clock of rtsp://HOST/… is 59m12s behind ours`, or ahead of it, or was never set",
        "Nothing sets the camera's clock. Clips carry this machine's time; but the time that "
        "the camera draws into its pictures is wrong.",
        "Set an NTP server and the time zone on the camera's web page",
        (r"the clock of \S+ (is .{1,40} ours|was never set)",),
    ),
    "file": Trouble(
        "`FILE cannot be played`",
        "It is not there, is no video, is damaged, or its codec has no decoder here.",
        "`ffprobe FILE`; `sudo apt install gstreamer1.0-libav`",
        (r"cannot be played", r"does not exist"),
    ),
    "differs": Trouble(
        "`asked 1920x1080 at 30, the camera gives 1280x720 at 30`",
        "The camera does not offer what was asked; the nearest was taken.",
        "`smartrec cameras --formats`, then set `size` and `fps` to what it has",
        (r"asked \S+( at \S+)?, the camera gives",),
    ),
    "flicker": Trouble(
        "Dark bands wander through the picture",
        "Lamps flicker with the mains, 50 or 60 hertz, and the camera assumes the other.",
        '`power_line_frequency = "50"` under `[camera.controls]`',
        (r"\bflicker", r"dark bands"),
    ),
}

MEASURED: Final[Mapping[str, Trouble]] = {
    "halved-rate": Trouble(
        "Half the pictures in the evening; `smartrec doctor --measure` counts fewer than promised",
        "Many cameras lower their rate in the dark, and say nothing.",
        "More light; `exposure_dynamic_framerate = false` under `[camera.controls]`",
        (r"(low|half|wrong) (fps|frame ?rate)",),
    ),
    "pictures-lost": Trouble(
        "`smartrec doctor --measure` counts pictures that never came, or came damaged",
        "Driver or bus dropped them: a full USB, errors on the wire, a machine that is too busy.",
        "Plug the camera into a port of its own, without a hub; `sudo dmesg | tail`; "
        "ask for less: `size`, `fps`",
        (
            r"lost frames detected",
            r"dropp(ed|ing) (frames|pictures)",
            r"a lot of buffers are being",
        ),
    ),
    "not-measured": Trouble(
        "`smartrec doctor --measure` gets no picture",
        "The camera is listed and free, and does not start or sends nothing.",
        "Plug it in again, into another port; `sudo dmesg | tail`",
        (r"select\(?\)? time-?out", r"(timed? ?out|timeout) (waiting for|on) .{0,20}frame"),
    ),
}

USB: Final[Mapping[str, Trouble]] = {
    "usb-slow": Trouble(
        "A camera is connected at a USB speed that its format does not fit through",
        "A port or hub of USB 1 or 2 (480 Mbit/s carries 24.6 MB/s of one camera), a charging "
        "cable, or a USB 3 plug that is not all the way in.",
        "A port of USB 3 (blue) with its own cable; MJPEG instead of raw; less `size` or `fps`",
        (r"not running at top speed", r"connect.{0,20}high.?speed hub"),
    ),
    "usb-full": Trouble(
        "A second camera does not start: `VIDIOC_STREAMON: No space left on device`; of GStreamer: "
        "`Failed to allocate required memory`",
        "USB reserves room for each camera's stream before it begins, and one bus carries "
        "41 MB/s at 480 Mbit/s, whatever number of ports a hub makes of it. It has nothing to do "
        "with the disk.",
        "`lsusb -t` shows who shares a bus: plug one camera into a port of another; take MJPEG "
        "instead of raw, or a smaller `size`; after a hang unplug the hub's power",
        (
            r"failed to allocate required memory",
            r"(streamon|start captur\w*|turning on stream).{0,60}no space left( on device)?",
            r"(streamon|turning on stream|start streaming).{0,60}cannot allocate memory",
            r"error 28, no space left on device",
            r"not enough bandwidth",
            r"no fast enough alt setting",
        ),
    ),
}

POWER: Final[Mapping[str, Trouble]] = {
    "no-switch": Trouble(
        "`power_cycle = true`, and the camera's port cannot be switched",
        "It needs Linux 6.0 or newer, and a hub that the kernel lets switch its ports.",
        "Leave `power_cycle` out, or plug the camera into another hub",
    ),
    "switch-forbidden": Trouble(
        "`power_cycle = true`, and this user may not switch the port",
        "The kernel's switch belongs to root; a rule of udev's hands it to the group video.",
        'In `/etc/udev/rules.d/60-usb-power.rules`: `SUBSYSTEM=="usb", DRIVER=="hub", '
        "RUN+=\"/bin/sh -c 'chgrp video /sys$devpath/*-port*/disable; chmod g+w "
        "/sys$devpath/*-port*/disable'\"`, then `sudo udevadm trigger --subsystem-match=usb`",
        (r"may not switch usb port",),
    ),
}

UDEV: Final[Mapping[str, Trouble]] = {
    "no-udev": Trouble(
        "`/dev/v4l/by-id` is not there; a camera's name changes when it is plugged in again",
        "udev does not run: mostly a container. The settings can name a camera by its number only; "
        "smartrec still knows it again by serial number and port.",
        "Hand the host's names in: `docker run -v /dev:/dev -v /run/udev:/run/udev:ro`; else "
        "`sudo systemctl start systemd-udevd`",
    ),
    "no-by-id": Trouble(
        "A camera has no name in `/dev/v4l/by-id`",
        "udev made none when it was plugged in, or another camera of the same make and without a "
        "serial number has taken it.",
        "`sudo udevadm trigger --subsystem-match=video4linux`; for twins the port's name: "
        "`ls /dev/v4l/by-path`",
    ),
    "gpu-forbidden": Trouble(
        "`/dev/dri/renderD128` may not be opened",
        "Without it nothing is decoded, encoded or drawn by the GPU; the processor does it.",
        "`sudo usermod -aG render $USER`, then log out and in again; "
        "`docker run --device /dev/dri`",
        (
            r"renderd?\d*.{0,60}permission denied",
            r"vainitialize failed",
            r"failed to (open|initialize) .{0,20}(va|drm)",
            r"vagetdisplaydrm",
        ),
    ),
}

SOUND: Final[Mapping[str, Trouble]] = {
    "no-microphone": Trouble(
        "`audio = true`, and the camera has no microphone that ALSA knows",
        "Many cameras have none; or the kernel's snd-usb-audio is missing, or a container does "
        "not hand it in.",
        '`arecord -l` (package alsa-utils) lists them; another one: `audio = "alsa:DEVICE"`; '
        "`docker run --device /dev/snd`",
        (r"no soundcards found", r"cannot (find|get) card", r"audio open error: no such"),
    ),
    "sound-forbidden": Trouble(
        "`/dev/snd/pcmC1D0c` may not be opened",
        "Only members of the group audio may record sound; a desktop gives it to who sits at the "
        "screen, not to ssh or a service.",
        "`sudo usermod -aG audio $USER`, then log out and in again",
        (r"/dev/snd/.{0,60}permission denied", r"audio open error: permission denied"),
    ),
    "microphone-silent": Trouble(
        "The microphone is there and sends nothing",
        "It hangs, its camera's USB is too full for both streams, or it is switched off or muted.",
        "`alsamixer` shows what is muted; plug the camera in again, into a port of its own",
    ),
    "no-sound-server": Trouble(
        "`no sound from pulse:NAME`, or from `pipewire:NAME`",
        "No sound server runs for this user (a service, sudo and ssh have none of the desktop's), "
        "or it has no microphone of that name.",
        "`pactl list short sources` (package pulseaudio-utils) shows what it has; without a server "
        'ALSA: `audio = "alsa:DEVICE"`, as `arecord -l` lists them',
        (r"no sound from (pulse|pipewire):.*",),
    ),
    "sound-busy": Trouble(
        "The microphone is held by another program: `audio open error: Device or resource busy`",
        "A sound server or another recorder has it; ALSA gives it to one at a time.",
        'Close it; or take it from the sound server: `audio = "pipewire:NAME"` or '
        '`"pulse:NAME"` (`pactl list short sources`)',
        (
            r"audio open error: device or resource busy",
            r"could not open audio device for recording",
        ),
    ),
}
