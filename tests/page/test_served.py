"""What the page's own server serves, and what the page may load and reach."""

import http.client

import httpx
from playwright.sync_api import Browser

from tests.page.pen import SEVEN, digit, draw
from tests.service import Service


def test_nothing_is_loaded_from_elsewhere(browser: Browser, service: Service) -> None:
    """Every request goes to the page's server or to TorchServe, and the policy in the header would stop another."""
    page = browser.new_page()
    urls: list[str] = []
    page.on("request", lambda request: urls.append(request.url))
    page.goto(service.page)
    draw(page, SEVEN)
    digit(page, "7")
    page.close()
    allowed = (service.page, service.ports.url("inference"))
    assert urls
    assert [url for url in urls if not url.startswith(allowed)] == []
    policy = httpx.get(service.page).headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; ")
    assert f"connect-src 'self' {service.ports.url('inference')};" in policy


def test_the_page_server_serves_the_page_and_nothing_else(service: Service) -> None:
    """No file of the checkout, no listing; other host names are sent to the origin that CORS admits."""
    assert httpx.get(f"{service.page}/main.js").headers["content-type"] == "text/javascript"
    for path in (
        "/../pyproject.toml",
        "/%2e%2e/pyproject.toml",
        "/nothing.js",
        "//etc/passwd",
        "/%00",
        "/main.js%00.html",
    ):
        connection = http.client.HTTPConnection(service.page.removeprefix("http://"), timeout=10)
        connection.request("GET", path)  # as it stands: other clients tidy the path first
        assert connection.getresponse().status == 404
        connection.close()
    for path in ("/", "/index.html", "/%69ndex.html", "/?mode=server"):
        assert service.ports.url("inference") in httpx.get(service.page + path).text
    head = httpx.head(service.page, headers={"Accept-Encoding": "identity"})
    assert head.headers["content-length"] == str(len(httpx.get(service.page).content))
    other = httpx.get(service.page.replace("127.0.0.1", "localhost") + "/?mode=server")
    assert other.status_code == 302
    assert other.headers["location"] == f"{service.page}/?mode=server"
