/* Two commits side by side: the values as they are, with their ratio. What is noise the verdicts say, not
 * this view. */

function commitChooser(label, chosen, changed) {
    const select = el("select", {});
    for (let i = report.commits.id.length - 1; i >= 0; i--) {
        const commit = commitOf(i);
        select.append(
            el(
                "option",
                { value: i, selected: i === chosen },
                visible(`${commit.short} ${day(commit.time)} ${(commit.subject || "").slice(0, 60)}`),
            ),
        );
    }
    select.addEventListener("change", () => changed(Number(select.value)));
    return el("label", { class: "wide" }, label, select);
}

async function valuesAt(first, second, progress) {
    const rows = [];
    const count = new Set(allSeries.map((series) => series.parcel)).size;
    const numbers = [...new Set(allSeries.map((series) => series.parcel))];
    for (let i = 0; i < numbers.length; i += 8) {
        await Promise.all(numbers.slice(i, i + 8).map(readParcel));
        progress(Math.min(i + 8, count), count);
    }
    for (const series of allSeries) {
        const coded = (await readParcel(series.parcel))[series.place];
        const commits = commitsOf(coded.c, coded.v.length);
        const [a, b] = [first, second].map((commit) => {
            const at = commits.indexOf(commit);
            return at < 0 ? null : coded.v[at];
        });
        if (a !== null || b !== null)
            rows.push({ number: series.number, series, a, b, ratio: a && b !== null ? b / a : null });
    }
    return rows;
}

/* How far for the worse, whichever way that is; twice and half are equally far. */
function badnessOf(row) {
    if (row.ratio === null || row.ratio <= 0) return null;
    return row.series.higher ? -Math.log(row.ratio) : Math.log(row.ratio);
}

function ratioBar(row) {
    const bad = badnessOf(row);
    const picture = svg(
        "svg",
        { class: "bar", viewBox: "-100 0 200 14", preserveAspectRatio: "none", "aria-hidden": "true" },
        svg("line", { x1: 0, x2: 0, y1: 0, y2: 14 }),
    );
    if (bad !== null) {
        const size = Math.min(100, 100 * Math.abs(Math.log2(row.ratio)));
        picture.append(
            svg("rect", {
                class: bad > 0 ? "worse" : "better",
                x: row.ratio > 1 ? 0 : -size,
                y: 2,
                width: size,
                height: 10,
            }),
        );
    }
    return picture;
}

function compareRow(row) {
    return el(
        "tr",
        {},
        el("th", { scope: "row" }, ...seriesLink(row.series)),
        el("td", { class: "number narrow-hidden" }, quantity(row.a, row.series.units)),
        el("td", { class: "number narrow-hidden" }, quantity(row.b, row.series.units)),
        el(
            "td",
            { class: "number" },
            row.ratio === null
                ? row.a === null
                    ? "new"
                    : row.b === null
                      ? "gone"
                      : "–"
                : `×\u00a0${row.ratio < 10 ? row.ratio.toFixed(3) : digits(row.ratio, 4)}`,
        ),
        el("td", {}, ratioBar(row)),
    );
}

function compareTable(rows) {
    const order = { key: "bad", down: false };
    const body = el("tbody");
    const headings = el("tr");
    const feed = new RowFeed(body, compareRow);
    const worst = (row) => (badnessOf(row) === null ? null : -badnessOf(row));
    const values = { bad: worst, name: (row) => row.series.name, a: (row) => row.a, b: (row) => row.b };
    const changed = () => {
        markSorted(headings, order);
        feed.show([...rows].sort(compareBy(values[order.key], order.down)));
    };
    headings.append(
        sortHeading("Benchmark", "name", "", order, changed),
        sortHeading("Base", "a", "number narrow-hidden", order, changed),
        sortHeading("Other", "b", "number narrow-hidden", order, changed),
        sortHeading("Ratio", "bad", "number", order, changed),
        el(
            "th",
            { scope: "col", class: "ratio-bar" },
            el("span", { class: "narrow-hidden" }, "half … "),
            "1 ",
            el("span", { class: "narrow-hidden" }, "… twice"),
        ),
    );
    const both = rows.filter((row) => row.ratio !== null).length;
    const table = el(
        "table",
        { id: "compare" },
        el(
            "caption",
            {},
            `${both} benchmarks were measured at both commits, ${rows.length - both} at one of them; those further for the worse first. A ratio is no verdict.`,
        ),
        el("thead", {}, headings),
        body,
    );
    changed();
    return [table, feed.more];
}

function compareView(first, second) {
    const go = (a, b) => {
        location.hash = `compare=${report.commits.id[a]}..${report.commits.id[b]}`;
    };
    const result = el("div", {}, el("p", { class: "faint" }, "Reading…"));
    const view = el(
        "div",
        {},
        el("h1", { tabindex: "-1" }, "Compare two commits"),
        el(
            "div",
            { class: "controls", role: "group", "aria-label": "Commits" },
            commitChooser("Base", first, (a) => go(a, second)),
            commitChooser("Other", second, (b) => go(first, b)),
            el("button", { type: "button", onclick: () => go(second, first) }, "Swap"),
        ),
        result,
    );
    valuesAt(first, second, (done, count) => {
        result.firstChild.textContent = `Reading… ${done} of ${count}`;
    })
        .then((rows) => {
            result.replaceChildren(...compareTable(rows));
            view.dataset.ready = "yes";
        })
        .catch((error) =>
            result.replaceChildren(el("p", { class: "failure", role: "alert" }, error.message)),
        );
    return view;
}
