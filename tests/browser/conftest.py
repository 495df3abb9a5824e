"""A real browser over the report: Debian's Chromium, driven by Playwright, with axe-core in the page."""

import functools
import http.server
import threading

import pytest
from browser_helpers import CHROMIUM, QUIET, Page, example, odd_example
from store_helpers import Store


class Handler(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


@pytest.fixture(scope="session")
def files(agent, tmp_path_factory):
    """The folder of report.html and site/."""
    store = Store(agent, tmp_path_factory.mktemp("report"))
    example().write(store)
    store.ok("report", "--html", "report.html", "--site", "site", "--samples", "2",
             "--repository-url", "https://github.com/lancedb/lance")
    return store.folder


@pytest.fixture(scope="session")
def odd_url(agent, tmp_path_factory):
    store = Store(agent, tmp_path_factory.mktemp("odd"))
    odd_example().write(store)
    store.ok("report", "--html", "odd.html")
    return (store.folder / "odd.html").as_uri()


@pytest.fixture(scope="session")
def report_url(files):
    return (files / "report.html").as_uri()


@pytest.fixture(scope="session")
def site_url(files):
    handler = functools.partial(Handler, directory=str(files / "site"))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}/"
        server.shutdown()
        thread.join()


@pytest.fixture(scope="session")
def browser():
    playwright = pytest.importorskip("playwright.sync_api", reason="needs Playwright: scripts/test-tools venv-browser")
    if not CHROMIUM:
        pytest.skip("needs Chromium: apt-get install chromium")
    with playwright.sync_playwright() as driver:
        chromium = driver.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        yield chromium
        chromium.close()


@pytest.fixture
def open_page(browser):
    """Makes pages; in the end none of them has complained or asked for anything but what it was opened with."""
    pages = []

    def make(**options):
        pages.append(Page(browser, **options))
        return pages[-1]

    yield make
    for page in pages:
        page.context.close()
        assert page.problems == []
        assert [url for url in page.requests if not url.startswith(("file:", "http://127.0.0.1:", "data:"))] == []
