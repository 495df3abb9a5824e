/* The first view: the verdict, then the benchmarks, the worst first. */

const OUTCOME_CLASS = { worse: "worse", better: "better", unsure: "unsure" };
const OUTCOME_SIGN = { worse: "▲", better: "▼", unsure: "?", same: "=" };

/* For a value of which more is better, worse points down. */
function badge(verdict, series) {
    let sign = OUTCOME_SIGN[verdict] || "·";
    if (series && series.higher && (verdict === "worse" || verdict === "better"))
        sign = verdict === "worse" ? "▼" : "▲";
    return el(
        "span",
        { class: "badge " + (OUTCOME_CLASS[verdict] || "") },
        el("span", { "aria-hidden": "true" }, sign + " "),
        verdict,
    );
}

const manyBeds = report.test_beds.length > 1;
const filter = { text: "", outcome: "", bed: "", metric: "" };
const sort = { key: "rank", down: false };

function seriesLink(series) {
    const link = el("a", { href: "#series=" + keyOf(series), class: "clamp" }, foreign(series.title));
    const about = [];
    if (series.metric !== "wall_time") about.push(series.metric);
    if (manyBeds) about.push(series.test_bed || "");
    return [
        link,
        about.length ? el("span", { class: "small faint clamp" }, foreign(about.join(" · "))) : null,
    ];
}

function toneOf(verdict) {
    return verdict === "worse" ? "worse-text" : verdict === "better" ? "better-text" : "";
}

function changeCell(series) {
    const cell = el(
        "td",
        { class: "number change " + toneOf(series.verdict) },
        effect(series.change, series.relative, series.units),
    );
    if (series.low !== null) {
        cell.append(
            el(
                "div",
                { class: "small faint narrow-hidden" },
                `${effect(series.low, series.relative, series.units)} to ${effect(series.high, series.relative, series.units)}`,
            ),
        );
    }
    return cell;
}

function seriesRow(series) {
    return el(
        "tr",
        {},
        el("th", { scope: "row", class: "name" }, ...seriesLink(series)),
        el("td", { class: "verdict-cell" }, badge(series.verdict, series)),
        changeCell(series),
        el("td", { class: "number value" }, quantity(series.measured, series.units)),
        el("td", { class: "number value" }, quantity(series.expected, series.units)),
        el(
            "td",
            { class: "number noise" },
            series.noise === null
                ? "–"
                : effect(series.noise, series.relative, series.units).replace(/^[+±]/, ""),
        ),
        sparkCell(series),
    );
}

function sortValue(key) {
    switch (key) {
        case "rank":
            return (series) => series.rank;
        case "name":
            return (series) => series.name;
        case "change":
            return (series) => (series.badness === null ? null : -series.badness);
        default:
            return (series) => series[key];
    }
}

function matching() {
    const words = filter.text.toLowerCase().split(/\s+/).filter(Boolean);
    return allSeries
        .filter((series) => {
            if (filter.outcome && series.verdict !== filter.outcome) return false;
            if (filter.bed && (series.test_bed || "") !== filter.bed) return false;
            if (filter.metric && series.metric !== filter.metric) return false;
            const name = words.length ? `${series.name} ${series.test_bed || ""}`.toLowerCase() : "";
            return words.every((word) => name.includes(word));
        })
        .sort(compareBy(sortValue(sort.key), sort.down));
}

function summary() {
    const head = commitOf(report.head);
    const paragraph = el("p", { class: "verdict" }, badge(report.overall), " at ");
    paragraph.append(commitLink(report.head));
    if (head && head.subject) paragraph.append(" ", foreign(head.subject));
    if (head && head.time)
        paragraph.append(
            el(
                "span",
                { class: "faint" },
                ` (${moment(head.time)}${report.pull_request ? ", of a pull request" : ""})`,
            ),
        );
    return paragraph;
}

function explanation() {
    const parts = [
        `Each benchmark is held against the runs of its ancestors on its present level. Worse by chance anywhere: at most ${digits(100 * report.alpha, 2)} % of reports (Holm). A change that matters: ${digits(100 * report.matters, 2)} %.`,
    ];
    if (report.left_out)
        parts.push(
            ` Left out: ${report.left_out} results that were measured under conditions that spoil them.`,
        );
    if (report.disturbed) parts.push(" Results count even where the conditions of their measurement spoil them.");
    const notes = report.notes.length
        ? el("ul", { class: "notes" }, ...report.notes.map((note) => el("li", {}, foreign(note))))
        : "";
    return el("div", {}, notes, el("p", { class: "small faint" }, ...parts));
}

function countButtons(changed) {
    const list = el("ul", { class: "counts", "aria-label": "Benchmarks by verdict" });
    const counts = report.outcomes.map((_, i) => allSeries.filter((series) => series.outcome === i).length);
    const buttons = [];
    const add = (label, value) => {
        const button = el(
            "button",
            { type: "button", "aria-pressed": String(filter.outcome === value) },
            label,
        );
        button.addEventListener("click", () => {
            filter.outcome = filter.outcome === value ? "" : value;
            for (const [other, its] of buttons)
                other.setAttribute("aria-pressed", String(filter.outcome === its));
            changed();
        });
        buttons.push([button, value]);
        list.append(el("li", {}, button));
    };
    add(`all ${allSeries.length}`, "");
    report.outcomes.forEach((name, i) => counts[i] && add(`${name} ${counts[i]}`, name));
    return list;
}

function chooser(label, key, values, changed) {
    const select = el(
        "select",
        {},
        el("option", { value: "" }, "all"),
        ...values.map((value) => el("option", { value, selected: filter[key] === value }, visible(value))),
    );
    select.addEventListener("change", () => {
        filter[key] = select.value;
        changed();
    });
    return el("label", {}, label, select);
}

function controls(changed) {
    const search = el("input", {
        type: "search",
        value: filter.text,
        placeholder: "part of a name",
        autocomplete: "off",
    });
    let wait = 0;
    search.addEventListener("input", () => {
        clearTimeout(wait);
        wait = setTimeout(() => {
            filter.text = search.value;
            changed();
        }, 80);
    });
    const row = el(
        "div",
        { class: "controls", role: "search", "aria-label": "Benchmarks" },
        el("label", { class: "wide" }, "Find", search),
    );
    if (manyBeds)
        row.append(
            chooser(
                "Test bed",
                "bed",
                report.test_beds.map((bed) => bed.name),
                changed,
            ),
        );
    const metrics = [...new Set(allSeries.map((series) => series.metric))];
    if (metrics.length > 1) row.append(chooser("Metric", "metric", metrics, changed));
    return row;
}

function changeRow(change, ofOne) {
    const series = allSeries[change.series];
    const where = el("td", {}, commitLink(change.after));
    const commit = commitOf(change.after);
    if (commit && commit.subject)
        where.append(el("div", { class: "small faint clamp" }, foreign(commit.subject)));
    const causes = change.causes.length ? change.causes.join(", ") : "code";
    return el(
        "tr",
        {},
        ofOne ? null : el("th", { scope: "row" }, ...seriesLink(series)),
        where,
        el("td", { class: "narrow-hidden" }, day(commit && commit.time)),
        el(
            "td",
            { class: "number " + (change.worse ? "worse-text" : "better-text") },
            change.change === null
                ? `${quantity(change.old, series.units)} → ${quantity(change.new, series.units)}`
                : effect(change.change, true),
        ),
        ofOne
            ? el(
                  "td",
                  { class: "number narrow-hidden" },
                  `${quantity(change.old, series.units)} → ${quantity(change.new, series.units)}`,
              )
            : null,
        el("td", { class: "narrow-hidden" }, causes),
        el("td", {}, change.status, change.note ? el("div", { class: "small" }, foreign(change.note)) : null),
    );
}

function changesTable(changes, caption, ofOne) {
    const body = el("tbody");
    const feed = new RowFeed(body, (change) => changeRow(change, ofOne));
    const table = el(
        "table",
        {},
        el("caption", {}, caption),
        el(
            "thead",
            {},
            el(
                "tr",
                {},
                ofOne ? null : el("th", { scope: "col" }, "Benchmark"),
                el("th", { scope: "col" }, "First commit"),
                el("th", { scope: "col", class: "narrow-hidden" }, "Date"),
                el("th", { scope: "col", class: "number" }, "Change"),
                ofOne ? el("th", { scope: "col", class: "number narrow-hidden" }, "Level") : null,
                el("th", { scope: "col", class: "narrow-hidden" }, "Cause"),
                el("th", { scope: "col" }, "Status"),
            ),
        ),
        body,
    );
    return { table, feed };
}

function changesBox() {
    if (!report.changes.length) return null;
    const open = report.changes.filter((change) => change.status === "open").length;
    const box = el(
        "details",
        {},
        el("summary", {}, `Changes of level in the history: ${report.changes.length}, ${open} of them open`),
    );
    box.addEventListener("toggle", () => {
        if (!box.open || box.children.length > 1) return;
        const { table, feed } = changesTable(
            report.changes,
            "The newest first. Open: for the worse, and no later level went half of the way back.",
        );
        box.append(
            el(
                "div",
                { class: "scroll", tabindex: "0", role: "region", "aria-label": "Changes of level" },
                table,
            ),
            feed.more,
        );
        feed.show(report.changes);
    });
    return box;
}

function bedsBox() {
    const rows = report.test_beds.map((bed) =>
        el(
            "tr",
            {},
            el("th", { scope: "row" }, foreign(bed.name || "–")),
            el("td", {}, foreign(bed.cpu || "–")),
            el("td", {}, foreign(bed.os || "–")),
            el("td", {}, foreign(bed.toolchain || "–")),
        ),
    );
    return el(
        "details",
        {},
        el("summary", {}, `Test beds: ${rows.length}`),
        el(
            "div",
            { class: "scroll", tabindex: "0", role: "region", "aria-label": "Test beds" },
            el(
                "table",
                {},
                el(
                    "thead",
                    {},
                    el(
                        "tr",
                        {},
                        ...["Name", "Processor", "System", "Toolchain"].map((text) =>
                            el("th", { scope: "col" }, text),
                        ),
                    ),
                ),
                el("tbody", {}, ...rows),
            ),
        ),
    );
}

function seriesTable() {
    const body = el("tbody");
    const feed = new RowFeed(body, seriesRow);
    const headings = el("tr");
    const table = el("table", { id: "series" }, el("caption", {}), el("thead", {}, headings), body);
    const changed = () => {
        const items = matching();
        markSorted(headings, sort);
        table.setAttribute("aria-rowcount", items.length + 1);
        const text =
            items.length === allSeries.length
                ? countOf(items.length, "benchmark")
                : `${items.length} of ${allSeries.length} benchmarks`;
        table.caption.textContent = text;
        announce(text);
        feed.show(items);
    };
    headings.append(
        sortHeading("Benchmark", "name", "name", sort, changed),
        sortHeading("Verdict", "rank", "verdict-cell", sort, changed),
        sortHeading("Change", "change", "number change", sort, changed),
        sortHeading("Measured", "measured", "number value", sort, changed),
        sortHeading("Expected", "expected", "number value", sort, changed),
        sortHeading("Noise", "noise", "number noise", sort, changed),
        el("th", { scope: "col", class: "trend" }, "History"),
    );
    return { parts: [table, feed.more], changed };
}

function overviewView() {
    const { parts, changed } = seriesTable();
    const view = el(
        "div",
        {},
        el("h1", { tabindex: "-1" }, "Benchmark report"),
        summary(),
        explanation(),
        countButtons(changed),
        changesBox(),
        bedsBox(),
        controls(changed),
        ...parts,
    );
    changed();
    return view;
}
