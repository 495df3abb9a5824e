/* The view of one series: its verdict, its history, the numbers behind the chart. */

function figures(pairs) {
    return el(
        "dl",
        {},
        ...pairs
            .filter(([, value]) => value !== null)
            .map(([name, value]) => el("div", {}, el("dt", {}, name), el("dd", {}, value))),
    );
}

function verdictFigures(series) {
    const relative = series.relative;
    const known = series.change !== null;
    return figures([
        ["Measured", series.measured === null ? null : quantity(series.measured, series.units)],
        ["Latest", series.measured === null ? quantity(series.latest, series.units) : null],
        ["Expected", series.expected === null ? null : quantity(series.expected, series.units)],
        ["Change", known ? effect(series.change, relative, series.units) : null],
        [
            "95 % interval",
            known
                ? `${effect(series.low, relative, series.units)} to ${effect(series.high, relative, series.units)}`
                : null,
        ],
        [
            "Noise from run to run",
            known ? effect(series.noise, relative, series.units).replace(/^[+±]/, "") : null,
        ],
        [
            "Smallest change it would see",
            known && series.smallest !== null ? effect(series.smallest, relative, series.units) : null,
        ],
        ["Runs, and of its history", known ? `${series.runs} against ${series.history}` : null],
        ["Test bed", series.test_bed ? visible(series.test_bed) : null],
        ["Metric", visible(series.metric)],
        ["Unit", (series.units || "").length > UNIT_LENGTH ? visible(series.units) : null],
        ["Better", series.higher ? "higher" : "lower"],
    ]);
}

function legend() {
    const item = (key, text) => el("li", {}, el("span", { class: key, "aria-hidden": "true" }), text);
    return el(
        "ul",
        { class: "legend" },
        item("k-point", "one commit (bar: its runs)"),
        item("k-level", "level and twice the noise around it"),
        item("k-worse", "change for the worse"),
        item("k-better", "change for the better"),
    );
}

function chartControls(chart) {
    const check = (label, key, disabled) => {
        const box = el("input", { type: "checkbox", disabled });
        box.addEventListener("change", () => chart.set(key, box.checked));
        return el("label", { class: "check" }, box, label);
    };
    const count = chart.history.values.length;
    const range = el(
        "select",
        {},
        el("option", { value: 0 }, "all commits"),
        ...[200, 100, 50, 20]
            .filter((last) => last < count)
            .map((last) => el("option", { value: count - last }, `the last ${last}`)),
    );
    range.addEventListener("change", () => chart.set("from", Number(range.value)));
    return el(
        "div",
        { class: "controls", role: "group", "aria-label": "Chart" },
        el("label", {}, "Show", range),
        check("logarithmic", "log", !chart.positive),
        check("from zero", "zero", false),
        el("span", { class: "small faint narrow-hidden" }, "Drag to zoom, double-click for all."),
    );
}

function pointRow(series, history, point) {
    const commit = commitOf(history.commits[point]);
    const runs = history.runs[point];
    return el(
        "tr",
        {},
        el("th", { scope: "row" }, commitLink(history.commits[point])),
        el("td", {}, day(commit.time)),
        el("td", { class: "number" }, quantity(history.values[point], series.units)),
        el(
            "td",
            { class: "number" },
            runs
                ? `${quantity(history.low[point], series.units)} to ${quantity(history.high[point], series.units)}`
                : "–",
        ),
        el("td", {}, foreign(commit.subject || "")),
    );
}

/* The newest first. */
function pointsBox(series, history) {
    const box = el("details", {}, el("summary", {}, `Numbers of all ${history.values.length} commits`));
    box.addEventListener("toggle", () => {
        if (!box.open || box.children.length > 1) return;
        const body = el("tbody");
        const feed = new RowFeed(body, (point) => pointRow(series, history, point));
        const headings = [
            ["Commit", ""],
            ["Date", ""],
            ["Value", "number"],
            ["Runs", "number"],
            ["Subject", ""],
        ];
        box.append(
            el(
                "div",
                { class: "scroll", tabindex: "0", role: "region", "aria-label": "Numbers" },
                el(
                    "table",
                    {},
                    el(
                        "thead",
                        {},
                        el(
                            "tr",
                            {},
                            ...headings.map(([text, name]) => el("th", { scope: "col", class: name }, text)),
                        ),
                    ),
                    body,
                ),
            ),
            feed.more,
        );
        feed.show(history.values.map((_, i) => history.values.length - 1 - i));
    });
    return box;
}

/* Every sample of a run on one line; the height only keeps them apart. */
function strip(values, low, high) {
    const picture = svg("svg", {
        class: "strip",
        viewBox: "0 0 1000 54",
        preserveAspectRatio: "none",
        "aria-hidden": "true",
    });
    const dots = values.map((value, i) => {
        const x = high > low ? 12 + (976 * (value - low)) / (high - low) : 500;
        return `M${x.toFixed(1)} ${8 + ((i * 23) % 39)}h0`;
    });
    picture.append(svg("path", { d: dots.join("") }));
    return picture;
}

function quantile(sorted, p) {
    const at = (sorted.length - 1) * p,
        floor = Math.floor(at);
    return sorted[floor] + (at - floor) * ((sorted[floor + 1] ?? sorted[floor]) - sorted[floor]);
}

function samplesOf(series, history) {
    const low = least(history.samples.map((run) => least(run.values)));
    const high = most(history.samples.map((run) => most(run.values)));
    return history.samples
        .filter((run) => run.values.length)
        .reverse()
        .map((run) => {
            if (run.values.length === 1)
                return el(
                    "p",
                    {},
                    commitLink(history.commits[run.point]),
                    " ",
                    foreign(run.run || ""),
                    el("span", { class: "faint" }, ` one sample: ${quantity(run.values[0], series.units)}`),
                );
            const sorted = [...run.values].sort((a, b) => a - b);
            const numbers = [0, 0.25, 0.5, 0.75, 1].map((p) => quantity(quantile(sorted, p), series.units));
            return el(
                "div",
                {},
                el(
                    "p",
                    {},
                    commitLink(history.commits[run.point]),
                    " ",
                    foreign(run.run || ""),
                    el(
                        "span",
                        { class: "faint" },
                        ` ${sorted.length} samples; lowest, quartiles, highest: ${numbers.join(", ")}`,
                    ),
                ),
                strip(run.values, low, high),
                el(
                    "details",
                    {},
                    el("summary", {}, "The samples as numbers"),
                    el(
                        "p",
                        { class: "small" },
                        run.values.map((value) => quantity(value, series.units)).join(", "),
                    ),
                ),
            );
        });
}

function samplesBox(series, history) {
    if (!history.samples.length) return null;
    const box = el(
        "details",
        {},
        el(
            "summary",
            {},
            history.samples.length === 1
                ? "Samples of the newest run"
                : `Samples of the newest ${history.samples.length} runs`,
        ),
    );
    box.addEventListener("toggle", () => {
        if (box.open && box.children.length === 1) box.append(...samplesOf(series, history));
    });
    return box;
}

function relatives(series) {
    const others = allSeries.filter((other) => other !== series && other.title === series.title);
    if (!others.length) return null;
    const items = others
        .slice(0, 40)
        .map((other) =>
            el(
                "li",
                {},
                el(
                    "a",
                    { href: "#series=" + keyOf(other) },
                    foreign([other.metric, other.test_bed].filter(Boolean).join(" on ")),
                ),
                " ",
                badge(other.verdict, other),
            ),
        );
    return el("section", {}, el("h2", {}, "The same benchmark otherwise"), el("ul", {}, ...items));
}

function fillPanel(section, series, history) {
    const chart = new HistoryChart(series, history);
    section.append(el("p", {}, badge(series.verdict, series), " at ", commitLink(report.head)));
    if (series.notes.length)
        section.append(
            el("ul", { class: "notes" }, ...series.notes.map((note) => el("li", {}, foreign(note)))),
        );
    section.append(
        verdictFigures(series),
        el("h2", {}, `History in ${chart.scale.unit || "its own unit"}${series.means ? " (means)" : ""}`),
        chartControls(chart),
        chart.box,
        legend(),
        el(
            "div",
            { class: "slider" },
            el("span", { class: "small faint", "aria-hidden": "true" }, "Commit"),
            chart.slider,
        ),
        chart.readout,
    );
    chart.choose(history.values.length - 1, false);
    if (series.changes.length) {
        const { table, feed } = changesTable(series.changes, "Changes of level, the newest first", true);
        section.append(
            el("h2", {}, "Changes"),
            el(
                "div",
                { class: "scroll", tabindex: "0", role: "region", "aria-label": "Changes of level" },
                table,
            ),
            feed.more,
        );
        feed.show(series.changes);
    }
    section.append(pointsBox(series, history));
    for (const part of [samplesBox(series, history), relatives(series)]) if (part) section.append(part);
    return chart;
}

function panelView(series) {
    const section = el("div", {}, el("h1", { tabindex: "-1" }, foreign(series.title)));
    const waiting = el("p", { class: "faint" }, "Reading…");
    let chart = null;
    section.append(waiting);
    historyOf(series)
        .then((history) => {
            waiting.remove();
            if (section.isConnected) {
                chart = fillPanel(section, series, history);
                section.dataset.ready = "yes";
            }
        })
        .catch((error) => {
            waiting.replaceWith(el("p", { class: "failure", role: "alert" }, error.message));
        });
    section.close = () => chart && chart.close();
    return section;
}
