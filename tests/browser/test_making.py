"""Links, style sheet and guide as texts: no server and no browser."""

from __future__ import annotations

from dataclasses import replace
from html.parser import HTMLParser
from urllib.parse import parse_qs, unquote, urlsplit

import pytest

from linkage.errors import GraphError, SettingsError
from linkage.graph import open_graph
from linkage.graph.answers import KindWords
from linkage.graph.neo4j.browser import checked, cluster_link, cluster_statement, deep_link
from linkage.graph.neo4j.guide import Queue, guide, queue_of
from linkage.graph.neo4j.saved import SavedQuery, saved_queries
from linkage.graph.neo4j.style import FLAGGED, LIGHT, LISTED, built_in, rules, style_sheet
from linkage.resources import cypher_folder
from tests.test_run import small_result

BROWSER, BOLT = "http://127.0.0.1:7474/browser/", "bolt://127.0.0.1:7687"
HOSTILE = "<img src=x onerror=alert(1)>\"'&; onload = 'x' </pre></slide>"


# --- links


def read_by_browser(link: str, name: str) -> str:
    """A field of a link as Neo4j Browser reads it: it decodes the whole, then cuts at & and #."""
    text = unquote(link.replace("+", " "))
    found = text[max(text.find(f"?{name}="), text.find(f"&{name}=")) + len(name) + 2 :]
    return found.split("&")[0].split("#")[0]


def test_a_link_says_who_where_and_what() -> None:
    text = "MATCH (a)-[:X {y: 'ä+% ?='}]->(b)\nRETURN a, b"
    link = deep_link(BROWSER, BOLT, "neo4j", text)
    assert link.isascii()
    assert parse_qs(urlsplit(link).query) == {
        "dbms": ["bolt://neo4j@127.0.0.1:7687"], "db": ["neo4j"], "cmd": ["edit"], "arg": [text],
    }  # fmt: skip
    assert read_by_browser(link, "arg") == text
    assert read_by_browser(link, "dbms") == "bolt://neo4j@127.0.0.1:7687"
    assert "db=other&" in deep_link(BROWSER, BOLT, "neo4j", text, "other")


def test_a_user_that_is_no_plain_word_is_left_out() -> None:
    link = deep_link(BROWSER, BOLT, "me@elsewhere/?&#", "RETURN 1")
    assert read_by_browser(link, "dbms") == BOLT


@pytest.mark.parametrize("text", ["RETURN 1 & 2", "RETURN '#'"])
def test_what_browser_would_cut_is_refused(text: str) -> None:
    with pytest.raises(GraphError, match="cuts at & and #"):
        deep_link(BROWSER, BOLT, "neo4j", text)


def test_a_clusters_link_has_its_id_alone() -> None:
    text = read_by_browser(cluster_link(BROWSER, BOLT, "neo4j", "c0123456789abcdef"), "arg")
    assert text == cluster_statement("c0123456789abcdef")
    assert "'c0123456789abcdef'" in text
    assert "//" not in text
    assert "$" not in text
    for wrong in ("", "c", "x0123", "c0123'}) DETACH DELETE c //", "c0123\n", "C0123", "c012é"):
        with pytest.raises(GraphError, match="no id of a cluster"):
            cluster_link(BROWSER, BOLT, "neo4j", wrong)


def test_addresses_of_browser() -> None:
    assert checked("https://graph.example/browser") == "https://graph.example/browser/"
    for wrong in ("javascript:alert(1)", "http://", "http://a:b@c/", "http://a/?b", "http://a/#b",
                  "http://a/ b", "file:///etc", "graph.example", "http://a/\x1b"):  # fmt: skip
        with pytest.raises(SettingsError, match="give such as http://localhost:7474/browser/"):
            checked(wrong)


# --- style


def parsed(sheet: str) -> dict[str, dict[str, str]]:
    """A sheet as Neo4j Browser parses it: no comments, a value without colons and semicolons."""
    found: dict[str, dict[str, str]] = {}
    selector = properties = ""
    inside = quoted = False
    for character in sheet:
        if character in "'\"":
            quoted = not quoted
        elif character == "{" and not quoted and not inside:
            inside = True
        elif character == "}" and not quoted:
            pairs = (pair.split(":") for pair in properties.split(";") if pair.strip())
            found[selector] = {name.strip(): value.strip() for name, value in pairs}
            selector, properties, inside = "", "", False
        elif inside:
            properties += character
        elif not character.isspace():
            selector += character
    return found


def test_browser_reads_the_sheet() -> None:
    wanted = {selector: dict(properties) for selector, properties in rules(built_in())}
    assert parsed(style_sheet(built_in())) == wanted


def test_the_sheet_of_the_built_in_kinds_is_current() -> None:
    kept = (cypher_folder() / "browser" / "style.grass").read_text("utf-8")
    assert kept == style_sheet(built_in())


def test_every_label_has_a_look_of_its_own() -> None:
    sheet = dict(rules(built_in()))
    kinds = [sheet[f"node.{kind.label}"] for kind in built_in()]
    looks = {(look["color"], look["border-color"]) for look in kinds}
    assert len(looks) == len(kinds)
    fills = {kind.family: sheet[f"node.{kind.label}"]["color"] for kind in built_in()}
    assert len({*fills.values(), LISTED, FLAGGED, LIGHT, "#000000"}) == len(fills) + 4
    assert all(look["caption"] == "{value}" for look in kinds)
    sizes = [sheet[f"node.{size}Score"]["diameter"] for size in ("Low", "Middle", "High")]
    assert sizes == sorted(sizes, key=lambda size: int(size.removesuffix("px")))
    # A listed account is flagged too, and the later rule wins.
    assert list(sheet).index("node.Account") < list(sheet).index("node.Flagged")
    assert list(sheet).index("node.Flagged") < list(sheet).index("node.Listed")


def test_fills_can_be_read_on() -> None:
    for selector, look in rules(built_in()):
        if selector.startswith("node") and "color" in look:
            dark, light = sorted(map(luminance, (look["color"], look["text-color-internal"])))
            assert (light + 0.05) / (dark + 0.05) > 3, selector


def luminance(colour: str) -> float:
    """Relative luminance, as WCAG has it."""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return sum(w * p for w, p in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def test_declared_kinds_have_a_look() -> None:
    declared = KindWords("code", "referral", "ReferralCode", "HAS_CODE", True, "Both have it.")
    sheet = parsed(style_sheet((*built_in(), declared, replace(declared, label="Invited"))))
    first, second = sheet["node.ReferralCode"], sheet["node.Invited"]
    assert first["caption"] == second["caption"] == "{value}"
    assert first["border-color"] != second["border-color"]
    for label in ("A{}", "a b", "Account", "Listed", ""):
        with pytest.raises(GraphError):
            style_sheet((*built_in(), replace(declared, label=label)))


# --- guide


class Slides(HTMLParser):
    """Tags that are closed as they were opened; texts of what can be run, and links."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.slides = 0
        self.runnable: list[str] = []
        self.links: list[str | None] = []
        self.tags: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.open.append(tag)
        self.tags.add(tag)
        self.slides += tag == "slide"
        if tag == "pre" and "runnable" in str(dict(attrs)["class"]):
            self.runnable.append("")
        if tag == "a":
            self.links.append(dict(attrs)["href"])
        assert not any(name.startswith("on") for name, _ in attrs)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if "pre" in self.open:
            self.runnable[-1] += data


def link_to(cluster: str) -> str:
    return cluster_link(BROWSER, BOLT, "neo4j", cluster)


def read(page: bytes) -> Slides:
    slides = Slides()
    slides.feed(page.decode())
    slides.close()
    assert slides.open == []
    return slides


@pytest.fixture(scope="module")
def queue(tmp_path_factory: pytest.TempPathFactory) -> Queue:
    """Of a result folder: the guide asks the port, whichever graph is behind it."""
    found = queue_of(open_graph(small_result(tmp_path_factory.mktemp("small") / "small")))
    named = replace(found.clusters[0], cluster_id="c0123456789abcdef", note=HOSTILE)
    return replace(found, clusters=(named,))


def test_the_guide_has_every_saved_query(queue: Queue) -> None:
    slides = read(guide(saved_queries(), queue, link_to))
    assert slides.slides == 2 + len(saved_queries())
    assert slides.runnable[0] == ":param cluster => 'c0123456789abcdef'"
    assert slides.links == [link_to("c0123456789abcdef")]
    for query in saved_queries():
        assert query.text in slides.runnable
        lines = [f":param {name} => {value}" for name, value in query.examples.items()
                 if name != "cluster"]  # fmt: skip
        assert not lines or ";\n".join(lines) in slides.runnable


def test_the_guide_is_harmless_and_whole(queue: Queue) -> None:
    query = SavedQuery(1, "one", HOSTILE, HOSTILE, {"x": HOSTILE}, {"x": "1"}, f"RETURN {HOSTILE}")
    page = guide([query], replace(queue, run=HOSTILE), link_to)
    slides = read(page)
    assert slides.tags == {
        "article", "carousel", "slide", "div", "h3", "p", "ul", "li", "code", "pre", "a",
    }  # fmt: skip
    # Browser takes away what looks like `onload = 'x'`, from texts as well.
    assert slides.runnable[-1] == f"RETURN {HOSTILE}"
    assert b"onload =" not in page


def test_the_guide_without_a_graph() -> None:
    slides = read(guide([], GraphError("bolt://x: nothing is shown <yet>"), link_to))
    assert slides.slides == 2
    assert not slides.links
