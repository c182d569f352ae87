"""A camera that shows codes to Chromium. It plays a file, which it opens whenever it starts."""

import os
import re
import subprocess
import tempfile

WIDTH, HEIGHT = 1280, 720


class FakeCamera:
    def __init__(self):
        self.folder = tempfile.TemporaryDirectory(prefix="onsale-camera-")
        self.file = os.path.join(self.folder.name, "camera.y4m")
        self.arguments = [
            "--use-fake-ui-for-media-stream",
            "--use-fake-device-for-media-stream",
            "--use-file-for-fake-video-capture=" + self.file,
        ]
        self.show()

    def show(self, *codes):
        """Shows codes beside each other, from its next start on: texts, or an SVG of the server's."""
        picture = [bytearray([170]) * WIDTH for _ in range(HEIGHT)]
        for index, code in enumerate(codes):
            modules = _drawn(code) if code.startswith("<svg") else _encoded(code)
            _draw(picture, modules, WIDTH * (2 * index + 1) // (2 * len(codes)))
        # The colors of gray.
        frame = b"FRAME\n" + b"".join(picture) + bytes([128]) * (WIDTH * HEIGHT // 2)
        with open(self.file, "wb") as file:
            file.write(f"YUV4MPEG2 W{WIDTH} H{HEIGHT} F15:1 Ip A1:1 C420jpeg\n".encode() + frame * 2)

    def remove(self):
        self.folder.cleanup()


def _drawn(svg):
    """The rows of a code, with its quiet zone, as the server draws it; true for dark."""
    span = int(re.search(r'viewBox="0 0 (\d+)', svg)[1])
    modules = [[False] * span for _ in range(span)]
    for x, y, length in re.findall(r"M(\d+) (\d+)h(\d+)v1h-\d+z", svg):
        modules[int(y)][int(x) : int(x) + int(length)] = [True] * int(length)
    return modules


def _encoded(code):
    """The same, as libqrencode makes it."""
    command = ["qrencode", "-t", "ASCII", "-m", "4", "-l", "M", "-o", "-"]
    lines = subprocess.run(command, input=code, text=True, capture_output=True, check=True).stdout.splitlines()
    return [[character == "#" for character in line[::2]] for line in lines]


def _draw(picture, modules, middle, size=6):
    left, top = middle - len(modules) * size // 2, (HEIGHT - len(modules) * size) // 2
    for y, row in enumerate(modules):
        pixels = b"".join(bytes([30 if dark else 225]) * size for dark in row)
        for line in picture[top + y * size : top + (y + 1) * size]:
            line[left : left + len(pixels)] = pixels
