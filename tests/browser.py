"""A real browser without a network, for the tests that look at a page."""

import contextlib
import os
import shutil
from pathlib import Path

from playwright.sync_api import sync_playwright

from needs import need

ROOT = Path(__file__).parents[1]
_BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


@contextlib.contextmanager
def launched():
    """Start the browser that is installed, for the duration of a ``with`` block."""
    installed = next(filter(None, map(shutil.which, _BROWSERS)), None)
    need(installed, f"a browser: {', '.join(_BROWSERS)}")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=installed, args=["--no-sandbox"])
        try:
            yield browser
        finally:
            browser.close()


def axe():
    """Return axe-core's source: of the file that ``AXE`` names, or where `make test` puts it."""
    file = Path(os.environ.get("AXE", ROOT / ".venv" / "axe.min.js"))
    need(file.is_file(), "axe-core: run `make .venv/axe.min.js`")
    return file.read_text(encoding="utf-8")


class Visit:
    """A file opened in ``browser`` with the network off.

    ``page`` is Playwright's page; ``requests`` lists every address asked for that is neither a
    file nor inline; ``complaints`` what the browser's console said.
    """

    def __init__(self, browser, file, width=1440, scheme="light", **options):
        size = {"width": width, "height": 900}
        self.context = browser.new_context(viewport=size, color_scheme=scheme, **options)
        self.context.set_offline(True)
        self.page = self.context.new_page()
        self.requests, self.complaints = [], []
        self.page.on("request", self._note_request)
        self.page.on("console", lambda message: self.complaints.append(message.text))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.goto(Path(file).resolve().as_uri())

    def _note_request(self, request):
        if not request.url.startswith(("file:", "data:", "blob:")):
            self.requests.append(request.url)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.context.close()
