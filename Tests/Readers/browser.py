"""Opens a page in headless Chromium, as a person would, and says what came of it as JSON.

    python Tests/Readers/browser.py URL SCRIPT [PICTURE WIDTH light|dark]

SCRIPT is an expression of JavaScript: the page is looked at until its value is true, for a minute at most; then the tab key is
pressed, and `focus` is the class of what has the focus. `messages` are what the browser complained of: errors of the page's script, of
its policy, and of what it could not load.
"""

import base64
import json
import os
import select
import shutil
import subprocess
import sys
import tempfile
import time

PATIENCE = 60


class Browser:
    """Chromium, spoken to over two pipes."""

    def __init__(self, profile):
        to_read, self.to_browser = os.pipe()
        self.from_browser, to_write = os.pipe()

        def place():
            read, write = os.dup(to_read), os.dup(to_write)
            os.dup2(read, 3)
            os.dup2(write, 4)

        self.process = subprocess.Popen(
            [shutil.which("chromium"), "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
             "--remote-debugging-pipe", f"--user-data-dir={profile}", "about:blank"],
            preexec_fn=place, close_fds=False, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        os.close(to_read)
        os.close(to_write)
        self.unread, self.number, self.messages = b"", 0, []

    def receive(self, deadline):
        while b"\0" not in self.unread:
            ready, _, _ = select.select([self.from_browser], [], [], max(0, deadline - time.monotonic()))
            if not ready:
                raise TimeoutError("Chromium says nothing")
            part = os.read(self.from_browser, 1 << 20)
            if not part:
                raise EOFError("Chromium has ended")
            self.unread += part
        line, self.unread = self.unread.split(b"\0", 1)
        return json.loads(line)

    def ask(self, method, session=None, **parameters):
        self.number += 1
        question = {"id": self.number, "method": method, "params": parameters}
        if session:
            question["sessionId"] = session
        os.write(self.to_browser, json.dumps(question).encode() + b"\0")
        while True:
            answer = self.receive(time.monotonic() + PATIENCE)
            if answer.get("id") == self.number:
                if "error" in answer:
                    raise RuntimeError(f"{method}: {answer['error']}")
                return answer["result"]
            self.note(answer)

    def note(self, event):
        content = event.get("params", {})
        if event.get("method") == "Log.entryAdded" and content["entry"]["level"] in ("error", "warning"):
            self.messages.append(content["entry"]["text"] + " " + content["entry"].get("url", ""))
        if event.get("method") == "Runtime.exceptionThrown":
            self.messages.append(content["exceptionDetails"]["text"])
        if event.get("method") == "Runtime.consoleAPICalled" and content["type"] in ("error", "warning", "assert"):
            self.messages.append(" ".join(str(value.get("value")) for value in content["args"]))


def look(browser, url, script, picture, width, colours):
    target = browser.ask("Target.createTarget", url="about:blank")["targetId"]
    session = browser.ask("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
    for domain in ("Page", "Runtime", "Log"):
        browser.ask(f"{domain}.enable", session)
    browser.ask("Emulation.setDeviceMetricsOverride", session, width=width, height=900, deviceScaleFactor=1, mobile=False)
    browser.ask("Emulation.setEmulatedMedia", session, features=[{"name": "prefers-color-scheme", "value": colours}])
    browser.ask("Page.navigate", session, url=url)
    deadline = time.monotonic() + PATIENCE

    def value(expression):
        return browser.ask("Runtime.evaluate", session, expression=expression, returnByValue=True)["result"].get("value")

    while not (found := value(f"!!(document.readyState === 'complete' && ({script}))")) and time.monotonic() < deadline:
        time.sleep(0.05)
    for kind in ("rawKeyDown", "keyUp"):
        browser.ask("Input.dispatchKeyEvent", session, type=kind, key="Tab", code="Tab", windowsVirtualKeyCode=9)
    result = {
        "found": bool(found),
        "focus": value("document.activeElement.className"),
        "outline": value("getComputedStyle(document.activeElement).outlineStyle"),
        "colour": value("getComputedStyle(document.body).color"),
        "title": value("document.title"),
        "overflow": value("document.documentElement.scrollWidth - document.documentElement.clientWidth"),
    }
    if picture:
        height = min(6000, value("document.documentElement.scrollHeight"))
        browser.ask("Emulation.setDeviceMetricsOverride", session, width=width, height=height, deviceScaleFactor=1, mobile=False)
        data = browser.ask("Page.captureScreenshot", session, format="png")["data"]
        with open(picture, "wb") as file:
            file.write(base64.b64decode(data))
    return result | {"messages": browser.messages}


url, script = sys.argv[1:3]
picture, width, colours = (sys.argv[3:] + [None, 1200, "light"][len(sys.argv[3:]):])[:3]
with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
    browser = Browser(profile)
    try:
        print(json.dumps(look(browser, url, script, picture, int(width), colours)))
    finally:
        browser.process.kill()
        browser.process.wait()
