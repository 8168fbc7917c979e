"""A real browser, driven over its DevTools pipe with the standard library alone: no port and no driver program.

Messages are JSON texts that end with a zero byte, written to the browser's descriptor 3 and read from its 4.
"""

import base64
import json
import os
import select
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

FLAGS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-dev-shm-usage"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-extensions"),
    *("--remote-debugging-pipe", "--hide-scrollbars", "--force-color-profile=srgb"),
)
PATIENCE = 60.0


class Tab:
    """One page; `events` keeps everything that the browser tells of it."""

    def __init__(self, out: int, into: int) -> None:
        self._out, self._into, self._rest, self._number = out, into, b"", 0
        self.session: str | None = None
        self.events: list[dict[str, Any]] = []

    def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        """Send one command and wait for its answer."""
        self._number += 1
        message = {"id": self._number, "method": method, "params": parameters}
        if self.session:
            message["sessionId"] = self.session
        data = json.dumps(message).encode() + b"\0"
        while data:
            data = data[os.write(self._out, data) :]
        end = time.monotonic() + PATIENCE
        while True:
            heard = self._hear(end)
            if heard.get("id") == message["id"]:
                if "error" in heard:
                    raise RuntimeError(f"{method}: {heard['error']}")
                return heard["result"]
            self.events.append(heard)

    def wait_for(self, method: str) -> dict[str, Any]:
        """The next event of a kind, from the first that was not looked at."""
        end = time.monotonic() + PATIENCE
        while True:
            for event in self.events:
                if event.get("method") == method and not event.get("seen"):
                    event["seen"] = True
                    return event
            self.events.append(self._hear(end))

    def _hear(self, end: float) -> dict[str, Any]:
        while b"\0" not in self._rest:
            ready, _, _ = select.select([self._into], [], [], max(0.0, end - time.monotonic()))
            if not ready:
                raise TimeoutError("the browser does not answer")
            read = os.read(self._into, 1 << 20)
            if not read:
                raise EOFError("the browser has closed its pipe")
            self._rest += read
        text, self._rest = self._rest.split(b"\0", 1)
        return json.loads(text)

    def open(self, path: Path) -> None:
        """Load a file, and wait until it is there."""
        self.events.clear()
        self.call("Page.navigate", url=path.resolve().as_uri())
        self.wait_for("Page.loadEventFired")

    def run(self, expression: str) -> Any:
        """The value of a JavaScript expression."""
        answer = self.call("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in answer:
            raise RuntimeError(answer["exceptionDetails"])
        return answer["result"].get("value")

    def media(self, *, scheme: str = "light", media: str = "") -> None:
        """Pretend that the reader prefers a colour scheme, or prints."""
        features = [{"name": "prefers-color-scheme", "value": scheme}]
        self.call("Emulation.setEmulatedMedia", media=media, features=features)

    def size(self, width: int, height: int) -> None:
        """The size of the window in pixels."""
        settings = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
        self.call("Emulation.setDeviceMetricsOverride", **settings)

    def point(self, selector: str) -> None:
        """Move the pointer to the middle of an element."""
        element = f"document.querySelector({json.dumps(selector)})"
        self.run(f"{element}.scrollIntoView({{block: 'center', behavior: 'instant'}})")
        self.settle()  # the browser tells of the scrolling a frame later
        x, y = self.run(
            f"(() => {{const b = {element}.getBoundingClientRect(); return [b.x + b.width / 2, b.y + b.height / 2]}})()"
        )
        self.call("Input.dispatchMouseEvent", type="mouseMoved", x=x, y=y)

    def settle(self) -> None:
        """Let two frames pass."""
        self.run("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(done, 0))))")

    def press(self, key: str) -> None:
        """Press and release a key that has a name (``Tab``, ``Enter``, ``ArrowRight``)."""
        codes = {"Tab": 9, "Enter": 13, "Escape": 27, "End": 35, "Home": 36, "ArrowLeft": 37, "ArrowRight": 39}
        named = {"key": key, "code": key, "windowsVirtualKeyCode": codes[key]}
        text = {"text": "\r"} if key == "Enter" else {}
        self.call("Input.dispatchKeyEvent", type="keyDown", **named, **text)
        self.call("Input.dispatchKeyEvent", type="keyUp", **named)

    def type(self, text: str) -> None:
        """Write into the element that has the focus."""
        self.call("Input.insertText", text=text)

    def picture(self, *, whole: bool = True) -> bytes:
        """The page as a PNG."""
        return base64.b64decode(self.call("Page.captureScreenshot", captureBeyondViewport=whole)["data"])

    def pdf(self) -> bytes:
        """The page as it is printed."""
        return base64.b64decode(self.call("Page.printToPDF", printBackground=True)["data"])

    def complaints(self) -> list[str]:
        """What the console and the browser's log say, and errors that nobody caught."""
        self.settle()
        kinds = ("Runtime.consoleAPICalled", "Runtime.exceptionThrown", "Log.entryAdded")
        return [json.dumps(event["params"]) for event in self.events if event.get("method") in kinds]

    def requests(self) -> list[str]:
        """The addresses of everything that was asked for."""
        sent = [event for event in self.events if event.get("method") == "Network.requestWillBeSent"]
        return [event["params"]["request"]["url"] for event in sent]


@contextmanager
def opened_browser(program: str, folder: Path) -> Iterator[Tab]:
    """A browser with one empty page and a profile of its own in `folder`; it is gone afterwards."""
    to_browser, from_browser = os.pipe(), os.pipe()
    command = [program, *FLAGS, f"--user-data-dir={folder}", "about:blank"]
    # The shell puts our ends where the browser looks for them.
    shell = ["bash", "-c", f'exec "$@" 3<&{to_browser[0]} 4>&{from_browser[1]}', "browser", *command]
    process = subprocess.Popen(
        shell,
        pass_fds=(to_browser[0], from_browser[1]),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    os.close(to_browser[0])
    os.close(from_browser[1])
    tab = Tab(to_browser[1], from_browser[0])
    try:
        targets = tab.call("Target.getTargets")["targetInfos"]
        page = next(target["targetId"] for target in targets if target["type"] == "page")
        tab.session = tab.call("Target.attachToTarget", targetId=page, flatten=True)["sessionId"]
        for area in ("Page", "Runtime", "Log", "Network"):
            tab.call(f"{area}.enable")
        tab.size(1200, 900)
        yield tab
        tab.session = None
        tab.call("Browser.close")
    finally:
        os.close(to_browser[1])
        os.close(from_browser[0])
        try:
            process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
