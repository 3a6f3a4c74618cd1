"""Neo4j Browser as an investigator has it: log in, draw a cluster, follow the guide."""

from __future__ import annotations

import json
import re
import struct
from collections import Counter

import pytest
from neo4j import Driver
from playwright.sync_api import Locator, Page, expect
from typer.testing import CliRunner, Result

from linkage.cli import app
from linkage.graph.neo4j.browser import cluster_link, cluster_statement, login_link
from linkage.graph.neo4j.saved import saved_queries
from linkage.graph.neo4j.style import LISTED, built_in, rules
from tests.browser.conftest import PATIENCE, SHOTS, Shoot, Site, Traffic

EDITOR = "[data-testid=activeEditor]"
FRAME = "[data-testid=frame]"
CIRCLES = "svg.neod3viz circle.b-outline"
NAMES = ("login", "guide", "queue", "cluster", "question")

expect.set_options(timeout=PATIENCE)


@pytest.fixture(autouse=True)
def credentials(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """The server is the graph, as `up` says to make it."""
    monkeypatch.setenv("LINKAGE_GRAPH", site.address.url)
    monkeypatch.setenv("LINKAGE_GRAPH_USER", site.address.user)
    monkeypatch.setenv("LINKAGE_GRAPH_PASSWORD", site.address.password)


def browse(*words: str) -> Result:
    return CliRunner().invoke(app, ["graph", "browse", *words])


def log_in(page: Page, site: Site) -> Locator:
    """Log in where a page was opened; the guide, which comes up by itself as the style does."""
    page.fill("input[type=password]", site.address.password)
    page.click("button[data-testid=connect]")
    expect(page.locator(FRAME, has_text="node.PaymentMethod {")).to_have_count(1)
    guide = page.locator(FRAME, has_text="guide.html")
    expect(guide).to_contain_text("Investigate")
    return guide


def run(page: Page) -> Locator:
    """Run what is in the editor; the frame that answers."""
    before = page.locator(FRAME).count()
    page.click("[data-testid=editor-Run]")
    expect(page.locator(FRAME)).to_have_count(before + 1)
    return page.locator(FRAME).first


def settled(frame: Locator, nodes: int) -> None:
    """Wait until so many nodes are drawn, and stand still."""
    expect(frame.locator(CIRCLES)).to_have_count(nodes)
    places = "all => all.map(circle => circle.parentNode.getAttribute('transform')).join()"
    before = ""
    while (now := str(frame.locator(CIRCLES).evaluate_all(places))) != before:
        before = now
        frame.page.wait_for_timeout(500)


def of_circles(frame: Locator, attribute: str) -> Counter[str]:
    """How many circles have each value of an attribute."""
    got: list[str] = frame.locator(CIRCLES).evaluate_all(
        "(all, name) => all.map(circle => circle.getAttribute(name))", attribute
    )
    return Counter(value.upper() for value in got)


def styled(labels: frozenset[str]) -> tuple[str, str]:
    """Fill and radius that the style sheet has for a node."""
    found: dict[str, str] = {}
    for selector, properties in rules(built_in()):
        tag, *wanted = selector.split(".")
        if tag == "node" and labels.issuperset(wanted):
            found.update(properties)
    return found["color"], f"{float(found['diameter'].removesuffix('px')) / 2:g}"


def drawn(driver: Driver, cluster: str) -> list[frozenset[str]]:
    """The labels of each node that a cluster's link draws."""
    (row,) = driver.execute_query(cluster_statement(cluster)).records
    return [node.labels for node in (row["cluster"], *row["members"], *row["artifacts"])]


def telling(site: Site) -> str:
    """A cluster that a ban is proposed for, and whose members share things of several kinds."""
    banned = site.run.clusters[site.run.clusters.proposal == "ban"]
    return str(banned.sort_values("accounts").cluster_id.iloc[-2])


def test_the_demo_says_where_to_look(site: Site) -> None:
    link = login_link(str(site.status.browser), site.address.url, "neo4j")
    assert f"  {link}\n" in site.printed
    assert f"in {site.status.password_file}\n" in site.printed
    assert f"linkage neo4j down --folder {site.server.home.folder}" in site.printed
    assert site.address.password not in site.printed


def test_a_demo_in_neo4j_can_be_run_again(site: Site, driver: Driver) -> None:
    """The second half of `linkage demo --neo4j`, as it is where the first found the same."""
    from linkage.cli import making

    status = making._in_neo4j(site.run, site.server.home.folder, quiet=True)
    assert (status.was_running, status.pid) == (True, site.status.pid)
    (row,) = driver.execute_query("MATCH (r:Run) RETURN count(r) AS n").records
    assert row["n"] == 1


def test_links_of_the_command(site: Site) -> None:
    flagged = site.run.clusters[site.run.clusters.proposal != "none"]
    found = json.loads(browse("--json", "--limit", "0").stdout)
    assert found["browser"] == site.status.browser
    assert found["total"] == len(flagged)
    assert {row["cluster_id"] for row in found["clusters"]} == set(flagged.cluster_id)
    first = found["clusters"][0]
    link = cluster_link(str(site.status.browser), site.address.url, "neo4j", first["cluster_id"])
    assert first["link"] == link
    text = browse("--limit", "1").stdout
    assert text.splitlines()[1] == f"  {link}"
    assert f"and {len(flagged) - 1} more" in text
    alone = browse(first["cluster_id"], "--browser", "https://graph.example/browser")
    assert alone.stdout.startswith("https://graph.example/browser/?dbms=bolt%3A%2F%2Fneo4j%40127.")
    assert site.address.password not in text + alone.stdout


def test_links_that_cannot_be(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    for words, code, told in (
        (("nosuch",), 5, "no such cluster"),
        (("--browser", "javascript:alert(1)"), 2, "give such as http://localhost:7474/browser/"),
        (("--graph", "demo/result"), 2, "name a database"),
    ):
        done = browse(*words)
        assert done.exit_code == code
        assert told in done.stderr
        assert not done.stdout


def test_a_clusters_link_draws_it(
    page: Page, traffic: Traffic, site: Site, driver: Driver, shoot: Shoot
) -> None:
    cluster = telling(site)
    page.goto(browse(cluster).stdout.strip())
    expect(page.locator("input[type=password]")).to_be_visible()
    shoot(page, "login")
    log_in(page, site)
    expect(page.locator(EDITOR)).to_contain_text(cluster)
    frame = run(page)
    nodes = drawn(driver, cluster)
    assert len(nodes) == 1 + 15 + 8
    assert len(set(nodes)) >= 2 + 3
    settled(frame, len(nodes))
    assert of_circles(frame, "fill") == Counter(styled(labels)[0] for labels in nodes)
    assert of_circles(frame, "r") == Counter(styled(labels)[1] for labels in nodes)
    assert of_circles(frame, "fill")[LISTED] >= 10
    expect(frame.locator("svg.neod3viz")).to_contain_text(re.compile(r"\d\.\d bits"))
    shoot(frame, "cluster")
    # Without its policy, Browser would have fetched from elsewhere: so that is what was watched.
    assert traffic.refused
    assert traffic.hosts.issuperset({"127.0.0.1"})


def test_the_guide_leads_from_the_queue_to_a_drawing(page: Page, site: Site, shoot: Shoot) -> None:
    page.goto(login_link(str(site.status.browser), site.address.url, "neo4j"))
    guide = log_in(page, site)
    shoot(guide, "guide")
    expect(guide).to_contain_text(f"1 / {len(saved_queries()) + 2}")

    step(guide)
    first = json.loads(browse("--json", "--limit", "1").stdout)["clusters"][0]
    expect(guide.get_by_role("link", name=first["cluster_id"])).to_have_attribute(
        "href", first["link"]
    )
    shoot(guide, "queue")
    guide.locator("pre.runnable", has_text=first["cluster_id"]).click()
    expect(page.locator(EDITOR)).to_contain_text(f"'{first['cluster_id']}'")
    expect(run(page)).to_contain_text(first["cluster_id"])

    query = next(query for query in saved_queries() if query.name == "one_cluster")
    for _ in range(query.number):
        step(guide)
    expect(guide).to_contain_text(query.title)
    shoot(guide, "question")
    settings, statement = guide.locator("pre.runnable").all()
    settings.click()
    expect(page.locator(EDITOR)).to_contain_text(":param artifacts")
    run(page)
    statement.click()
    expect(page.locator(EDITOR)).to_contain_text("$cluster")
    frame = run(page)
    accounts = int(first["accounts"])
    expect(frame.locator(CIRCLES).nth(accounts)).to_be_attached()
    assert of_circles(frame, "fill")[styled(frozenset({"Cluster"}))[0]] == 1


def step(guide: Locator) -> None:
    """To the next slide."""
    guide.locator(".next-slide, [data-testid=nextSlide]").first.click()


def test_the_pictures_of_the_documentation_are_there() -> None:
    assert {shot.name for shot in SHOTS.iterdir()} == {f"{name}.png" for name in NAMES}
    for name in NAMES:
        data = (SHOTS / f"{name}.png").read_bytes()
        assert data.startswith(b"\x89PNG\r\n\x1a\n"), name
        width, height = struct.unpack(">II", data[16:24])
        assert 600 <= width <= 1400, name
        assert 200 <= height <= 1000, name
        assert 10_000 < len(data) < 300_000, name
