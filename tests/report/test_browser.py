"""The report in a real browser: nothing leaves the page, nothing fails, all is seen on a laptop and a phone."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

pytestmark = pytest.mark.browser

FLAGS = """--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking
--disable-component-update --disable-sync --hide-scrollbars"""
WIDTHS = {"laptop": 1280, "phone": 390}

BOXES = """
return [...document.querySelectorAll('figure svg, table, .verdict, .card')].map(element => {
  const box = element.getBoundingClientRect();
  const folded = element.closest('details:not([open])') !== null;
  const scrolls = element.closest('.scroll') !== null;
  const {width, height, left, right} = box;
  return {kind: element.tagName, width, height, left, right, folded, scrolls};
})
"""


def _binary(*names: str) -> str:
    found = next((path for name in names if (path := shutil.which(name))), None)
    return found or pytest.skip(f"no {' or '.join(names)} on this machine: the report was not looked at in a browser")


@pytest.fixture(scope="module")
def browser(tmp_path_factory) -> Iterator:
    webdriver = pytest.importorskip("selenium.webdriver", reason="selenium is not installed: no browser test")
    options = webdriver.ChromeOptions()
    options.binary_location = _binary("chromium", "chromium-browser", "google-chrome")
    for flag in [*FLAGS.split(), f"--user-data-dir={tmp_path_factory.mktemp('profile')}"]:
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"performance": "ALL", "browser": "ALL"})
    service = webdriver.ChromeService(_binary("chromedriver"))
    driver = webdriver.Chrome(options=options, service=service)
    yield driver
    driver.quit()


def open_page(browser, path: Path, width: int, scheme: str = "light") -> None:
    metrics = {"width": width, "height": 800, "deviceScaleFactor": 1, "mobile": False}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
    features = [{"name": "prefers-color-scheme", "value": scheme}]
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})
    browser.get(path.as_uri())


def requests(browser) -> list[str]:
    """The addresses that the page asked for since the last look."""
    messages = [json.loads(entry["message"])["message"] for entry in browser.get_log("performance")]
    sent = [m["params"]["request"]["url"] for m in messages if m["method"] == "Network.requestWillBeSent"]
    own = ("data:", "chrome:", "chrome-untrusted:", "about:")  # the browser's own start page, which loads when it likes
    return [url for url in sent if not url.startswith(own)]


def test_no_request_leaves_the_page_and_nothing_fails(browser, page):
    requests(browser)
    open_page(browser, page, 1280)
    for details in browser.find_elements("css selector", "details"):
        browser.execute_script("arguments[0].open = true", details)
    assert requests(browser) == [page.as_uri()]
    assert browser.get_log("browser") == []


def test_this_test_would_see_a_request(browser, page, tmp_path):
    """The twin: a page that does load something is caught."""
    leaky = tmp_path / "leaky.html"
    leaky.write_text("<!doctype html><img src='http://127.0.0.1:9/pixel.png'><script>nosuchname()</script>")
    requests(browser)
    open_page(browser, leaky, 1280)
    assert any("pixel.png" in url for url in requests(browser))
    assert any("nosuchname" in entry["message"] for entry in browser.get_log("browser"))


@pytest.mark.parametrize("width", WIDTHS.values(), ids=WIDTHS)
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_is_wider_than_the_screen_and_all_is_visible(browser, page, width, scheme):
    open_page(browser, page, width, scheme)
    assert browser.execute_script("return document.documentElement.scrollWidth") <= width
    boxes = [box for box in browser.execute_script(BOXES) if not box["folded"]]
    assert {box["kind"].lower() for box in boxes} == {"svg", "table", "div"}
    for box in boxes:
        assert box["width"] > 100, box
        assert box["height"] > 30, box
        assert box["left"] >= 0, box
        assert box["scrolls"] or box["right"] <= width, box


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_of_figures_stands_out_from_the_page(browser, page, scheme):
    """Ink and paper differ by a contrast of at least 7 in both colour schemes."""
    open_page(browser, page, 1280, scheme)
    script = "return getComputedStyle(document.documentElement).getPropertyValue(arguments[0]).trim()"
    ink, paper = (_luminance(browser.execute_script(script, name)) for name in ("--ink", "--paper"))
    assert (max(ink, paper) + 0.05) / (min(ink, paper) + 0.05) > 7


def _luminance(color: str) -> float:
    """Relative luminance of `#rrggbb`, as the web's accessibility guidelines define it."""
    channels = [int(color[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return sum(weight * c for weight, c in zip((0.2126, 0.7152, 0.0722), linear, strict=True))
