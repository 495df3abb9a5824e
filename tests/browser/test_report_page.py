"""The HTML report and the site as a reader meets them."""

import re

import pytest
from browser_helpers import COUNT, HOSTILE, LONG

ROWS = "#series tbody tr"
PHONE = {"viewport": {"width": 390, "height": 844}, "device_scale_factor": 2, "has_touch": True, "is_mobile": True}
THEMES = ["light", "dark"]


@pytest.fixture(params=["report", "site"])
def url(request):
    return request.getfixturevalue(f"{request.param}_url")


def names(page):
    return page.locator(f"{ROWS} th a").all_inner_texts()


# -- the overview


def test_the_worst_come_first_and_the_verdict_stands_on_top(open_page, url):
    page = open_page().open(url)
    assert "worse" in page.locator(".verdict .badge").inner_text()
    assert names(page)[0] == "slower"
    assert "+19 %" in page.locator(ROWS).first.inner_text().replace("\u00a0", " ")
    assert "better" in page.locator(f"{ROWS}:has-text('better')").first.inner_text()


def test_the_file_makes_no_request_at_all(open_page, report_url):
    view = open_page()
    page = view.open(report_url)
    view.series(report_url, "slower")
    page.goto(f"{report_url}#compare")
    page.wait_for_selector("#compare tbody tr")
    assert {url.split("#")[0] for url in view.requests if not url.startswith("data:")} == {report_url}


def test_a_site_reads_a_history_only_when_it_is_looked_at(open_page, site_url):
    view = open_page()
    view.open(site_url)
    assert not [url for url in view.requests if "/data/" in url]
    view.series(site_url, "slower")
    assert len([url for url in view.requests if "/data/" in url]) == 1


def test_a_site_whose_data_are_gone_says_what_to_do(browser, files, site_url):
    page = browser.new_page()
    page.route("**/data/*", lambda route: route.fulfill(status=404))
    page.goto(site_url)
    page.locator(f"{ROWS} a").first.click()
    assert "Reload the page" in page.locator("[role=alert]").inner_text()
    page.goto((files / "site" / "index.html").as_uri())
    page.locator(f"{ROWS} a").first.click()
    assert "--html" in page.locator("[role=alert]").inner_text()
    page.close()


def test_text_and_verdict_narrow_the_table(open_page, report_url):
    page = open_page().open(report_url)
    page.get_by_label("Find").fill("GROUP 3/ case")
    page.wait_for_selector("#series caption:has-text('20 of ')")
    assert len(names(page)) == 20 and all(name.startswith("group 3/") for name in names(page))
    page.get_by_label("Find").fill("")
    page.wait_for_selector("#series caption:not(:has-text(' of '))")
    better = page.get_by_role("button", name=re.compile("^better "))
    better.click()
    assert better.get_attribute("aria-pressed") == "true"
    assert names(page)[0] == "better"
    assert all("better" in verdict for verdict in page.locator(f"{ROWS} .badge").all_inner_texts())
    better.click()
    page.get_by_role("combobox", name="Test bed").select_option("another bed")
    assert names(page) == ["slower"]
    page.get_by_role("combobox", name="Test bed").select_option("")
    page.get_by_role("combobox", name="Metric").select_option("peak_memory")
    assert names(page) == ["slower"] and "MiB" in page.locator(ROWS).first.inner_text()


def test_columns_sort_and_say_so(open_page, report_url):
    page = open_page().open(report_url)
    heading = page.locator("#series th", has=page.get_by_role("button", name="Benchmark"))
    heading.get_by_role("button").click()
    assert heading.get_attribute("aria-sort") == "ascending"
    first = names(page)
    heading.get_by_role("button").click()
    assert heading.get_attribute("aria-sort") == "descending"
    assert names(page)[0] != first[0]
    assert page.locator("#series th[aria-sort]").count() == 1


def test_every_row_comes_in_time(open_page, report_url):
    page = open_page().open(report_url)
    total = page.evaluate("allSeries.length")
    page.locator(ROWS).nth(total - 1).wait_for(state="attached")
    assert page.locator(ROWS).count() == total
    page.locator(ROWS).last.scroll_into_view_if_needed()
    page.locator(ROWS).last.locator("svg.spark path").wait_for(state="attached")


# -- one benchmark


def test_a_series_shows_its_history_and_its_numbers(open_page, url):
    view = open_page()
    page = view.open(url)
    view.series(url, "slower")
    assert page.locator("h1").inner_text() == "slower"
    assert page.title().startswith("slower")
    link = page.locator("#view table a").first
    assert link.get_attribute("href").startswith("https://github.com/lancedb/lance/commit/")
    page.get_by_text(f"Numbers of all {COUNT} commits").click()
    page.locator("details[open] tbody tr").nth(COUNT - 1).wait_for()
    page.go_back()
    page.wait_for_selector(ROWS)


def test_no_point_of_a_history_is_lost(open_page, report_url):
    view = open_page()
    page = view.open(report_url)
    view.series(report_url, "steady with one outlier")
    assert "from 2." in page.locator(".chart").get_attribute("aria-label")
    assert page.evaluate("shown && document.querySelector('.u-over') !== null")
    path = page.evaluate("sparkPath(allSeries.find((s) => s.title === 'steady with one outlier').spark, 60).path")
    assert "L30 0" in path or "L24 0" in path, "the outlier reaches the top of its sparkline"
    highest = page.evaluate("historyOf(allSeries.find((s) => s.title === 'steady with one outlier'))"
                            ".then((h) => Math.max(...h.values))")
    assert highest > 80e6


def test_keys_walk_through_the_points(open_page, report_url):
    view = open_page()
    page = view.open(report_url)
    view.series(report_url, "three runs")
    slider = page.get_by_role("slider")
    slider.focus()
    page.keyboard.press("Home")
    first = slider.get_attribute("aria-valuetext")
    page.keyboard.press("ArrowRight")
    assert slider.get_attribute("aria-valuetext") != first
    assert "3 runs" in page.locator(".readout").inner_text()
    page.get_by_label("logarithmic").check()
    page.get_by_label("from zero").check()
    page.get_by_label("Show").select_option("the last 20")
    assert page.locator(".u-over").count() == 1


def test_the_mouse_shows_what_it_points_at(open_page, report_url):
    view = open_page()
    page = view.open(report_url)
    view.series(report_url, "slower")
    box = page.locator(".u-over").bounding_box()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + 40)
    page.locator(".tip").wait_for(state="visible")
    assert "ms" in page.locator(".tip").inner_text()
    page.mouse.move(2, 2)
    page.locator(".tip").wait_for(state="hidden")


def test_samples_are_there_on_demand(open_page, url):
    view = open_page()
    page = view.open(url)
    view.series(url, "three runs")
    summary = page.get_by_text("Samples of the newest")
    assert page.locator("svg.strip").count() == 0
    summary.click()
    page.locator("svg.strip").nth(5).wait_for()
    assert page.locator("svg.strip").count() == 6


# -- two commits


def test_two_commits_stand_side_by_side(open_page, url):
    page = open_page().open(url)
    page.goto(f"{url}#compare")
    page.wait_for_selector("#compare tbody tr")
    page.get_by_label("Base").select_option(index=COUNT - 1)
    page.wait_for_selector("#compare tbody tr")
    first = page.locator("#compare tbody tr").first.inner_text().replace("\u00a0", " ")
    assert first.startswith("slower") and "× 1.4" in first
    assert ".." in page.url
    page.get_by_role("button", name="Swap").click()
    page.wait_for_selector("#compare tbody tr:first-child:has-text('better')")


# -- foreign text


def test_hostile_names_are_text(open_page, url):
    view = open_page()
    page = view.open(url)
    page.get_by_label("Find").fill("</script>")
    page.wait_for_selector("#series caption:has-text('1 of ')")
    shown = HOSTILE.replace("\u202e", "\\u202e").replace("\u202c", "\\u202c")
    assert names(page) == [shown]
    assert page.locator("img").count() == 0
    view.series(url, HOSTILE)
    assert page.locator("h1").inner_text() == shown
    view.series(url, LONG)
    assert view.overflow() <= 0
    page.goto(f"{url}#series=nothing%20of%20this")
    assert "not in the report" in page.locator("h1").inner_text()
    page.goto(f"{url}#series=%E0%A4%A")
    assert "not in the report" in page.locator("h1").inner_text()


def test_a_link_goes_to_the_web_or_nowhere(open_page, report_url):
    page = open_page().open(report_url)
    assert page.evaluate("['javascript:alert(1)', 'data:text/html,x', '//x', null].map(webAddress)") == [None] * 4


# -- everybody


@pytest.mark.parametrize("theme", THEMES)
def test_axe_finds_nothing(open_page, report_url, theme):
    view = open_page(color_scheme=theme)
    page = view.open(report_url)
    page.get_by_text("Changes of level in the history").click()
    page.get_by_text("Test beds: 2").click()
    assert view.axe() == []
    view.series(report_url, "slower")
    page.get_by_text("Numbers of all").click()
    page.get_by_text("Samples of the newest").click()
    assert view.axe() == []
    page.goto(f"{report_url}#compare")
    page.wait_for_selector("#compare tbody tr")
    assert view.axe() == []


def test_the_theme_is_chosen_and_kept(open_page, report_url):
    page = open_page(color_scheme="light").open(report_url)
    colour = "getComputedStyle(document.body).backgroundColor"
    light = page.evaluate(colour)
    button = page.get_by_role("button", name="Theme")
    button.click()
    button.click()
    assert page.evaluate(colour) != light and "dark" in button.inner_text()
    page.reload()
    page.wait_for_selector("html[data-ready]")
    assert page.evaluate(colour) != light


def test_the_page_is_used_with_keys_alone(open_page, report_url):
    page = open_page().open(report_url)
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"
    reached = []
    for _ in range(30):
        page.keyboard.press("Tab")
        reached.append(page.evaluate("document.activeElement.textContent || document.activeElement.type"))
        if page.evaluate("document.activeElement.matches('#series tbody a')"):
            break
    assert "search" in reached and "Benchmark" in reached
    page.keyboard.press("Enter")
    page.wait_for_selector("[data-ready=yes] .u-over")
    assert page.evaluate("document.activeElement.tagName") == "H1"


@pytest.mark.parametrize("theme", THEMES)
def test_a_phone_shows_it_without_sideways_scrolling(open_page, url, theme):
    view = open_page(color_scheme=theme, **PHONE)
    page = view.open(url)
    assert view.overflow() <= 0
    page.get_by_text("Changes of level in the history").click()
    assert view.overflow() <= 0
    for name in ("slower", "three runs", HOSTILE, LONG):
        view.series(url, name)
        assert view.overflow() <= 0, name
    page.goto(f"{url}#compare")
    page.wait_for_selector("#compare tbody tr")
    assert view.overflow() <= 0


# -- paper


def test_paper_is_light_and_shows_all_rows_and_the_whole_chart(open_page, report_url):
    view = open_page(color_scheme="dark", viewport={"width": 1280, "height": 900})
    page = view.open(report_url)
    page.locator(ROWS).nth(page.evaluate("allSeries.length") - 1).wait_for(state="attached")
    # What printing does, step by step: in a PDF nothing can be asked for.
    page.emulate_media(media="print")
    page.set_viewport_size({"width": 720, "height": 1000})
    page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert page.evaluate("getComputedStyle(document.body).color") == "rgb(31, 35, 40)"
    assert page.locator("td.trend").count() == page.locator("td.trend svg").count()
    assert page.evaluate("document.querySelector('#series th.name a').getBoundingClientRect().height") < 60
    page.evaluate("window.dispatchEvent(new Event('afterprint'))")
    page.emulate_media(media="screen", color_scheme="dark")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") != "rgb(255, 255, 255)"
    page.set_viewport_size({"width": 1280, "height": 900})
    view.series(report_url, "slower")
    page.emulate_media(media="print")
    page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
    page.evaluate("document.body.style.width = '700px'")
    assert page.evaluate("document.querySelector('.chart canvas').getBoundingClientRect().right") <= 700
    assert view.overflow() <= 0


# -- what hardly anybody stores


@pytest.mark.parametrize("width", [1280, 390])
def test_odd_names_units_and_numbers_break_no_layout(open_page, odd_url, width):
    view = open_page(viewport={"width": width, "height": 844})
    page = view.open(odd_url)
    assert view.overflow() <= 0 and view.axe() == []
    seen = names(page)
    assert "\\u0020" in seen and "\\u3164" in seen and "tag \\ue0041" in seen
    wide = "[...document.querySelectorAll('#series td, #series th')].filter((c) => c.scrollWidth > c.clientWidth)"
    assert page.evaluate(f"{wide}.map((c) => c.textContent)") == []
    for key in page.evaluate("allSeries.map(keyOf)"):
        page.goto(f"{odd_url}#series={key}")
        page.wait_for_selector("[data-ready=yes] .u-over")
        assert view.overflow() <= 0, key
        if page.get_by_label("logarithmic").is_enabled():
            page.get_by_label("logarithmic").check()
            assert page.locator(".u-over").count() == 1
    page.goto(f"{odd_url}#compare=%E0%A4%A")
    page.wait_for_selector("#compare tbody tr")
    assert view.overflow() <= 0 and view.axe() == []


def test_large_counts_have_ticks_that_differ(open_page, odd_url):
    view = open_page()
    page = view.open(odd_url)
    view.series(odd_url, "counted", "instructions")
    assert "History in 1e9 instructions" in page.locator("#view").inner_text()
    ticks = page.evaluate("axisNumbers([2.001, 2.002, 2.003])")
    assert ticks == ["2.001", "2.002", "2.003"]
    assert page.evaluate("axisTimes([1e9, 1e9 + 1e6, null])") == ["2001-09-09", "2001-09-20", ""]
    assert page.evaluate("axisTimes([1e9, null, 1e9 + 3600])") == ["09-09 01:46", "", "09-09 02:46"]
