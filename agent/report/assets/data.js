/* The report's data: the overview at once, the parcels with the histories when they are asked for. */

const report = JSON.parse(document.getElementById("overview").textContent);

function columnsOf(data) {
    const names = Object.keys(data);
    return data.name.map((_, i) => {
        const row = { number: i };
        for (const name of names) row[name] = data[name][i];
        return row;
    });
}

const allSeries = columnsOf(report.series);
for (const series of allSeries) {
    series.verdict = report.outcomes[series.outcome];
    series.badness = series.change === null ? null : series.higher ? -series.change : series.change;
    series.changes = [];
    series.title = series.metric === "wall_time" ? series.name : series.name.replace(/#[^#]*$/, "");
}
for (const change of report.changes) allSeries[change.series].changes.push(change);
report.order.forEach((number, rank) => {
    allSeries[number].rank = rank;
});

/* What a series is found by in an address: it stays when others come and go. */
function keyOf(series) {
    const parts = [series.name, series.test_bed || ""];
    if (series.namesakes) parts.push(series.units || "");
    return parts.map(encodeURIComponent).join("/");
}

const byKey = new Map(allSeries.map((series) => [keyOf(series), series]));

function commitOf(number) {
    if (number === null || number === undefined) return null;
    const id = report.commits.id[number];
    const url = report.commit_url !== null ? report.commit_url + id : report.commits.url[number];
    return {
        id,
        short: /^[0-9a-f]{40}$/.test(id) ? id.slice(0, 7) : id,
        url: webAddress(url),
        subject: report.commits.subject[number],
        version: report.commits.version[number],
        time: report.commits.time[number],
    };
}

/* "2f6a0c1", linked where its page is known. */
function commitLink(number) {
    const commit = commitOf(number);
    if (!commit) return el("span", {}, "–");
    const id = foreign(commit.short, { class: commit.short.length <= 12 ? "id whole" : "id" });
    if (!commit.url) return id;
    return el("a", { href: commit.url, rel: "noreferrer noopener" }, id);
}

/* -- parcels */

const parcels = new Map();
const parsed = new Promise((resolve) => {
    if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", resolve);
    else resolve();
});

async function fetchParcel(number) {
    if (!report.files) {
        const id = "parcel-" + number;
        if (!document.getElementById(id)) await parsed;
        return JSON.parse(document.getElementById(id).textContent);
    }
    const answer = await fetch("data/" + report.files[number], { credentials: "omit" }).catch(() => null);
    if (answer && answer.ok) return answer.json();
    throw new Error(
        location.protocol === "file:"
            ? "A browser reads no other files beside a page that it opened from a file. Serve this folder with a web server, or make the report one file: lance-bench report --html FILE."
            : "The data of this benchmark are not there any more: the site has been updated meanwhile. Reload the page.",
    );
}

function readParcel(number) {
    if (!parcels.has(number)) {
        const promise = fetchParcel(number);
        promise.catch(() => parcels.delete(number));
        parcels.set(number, promise);
    }
    return parcels.get(number);
}

/* The commits of a history, which are one number where they are consecutive. */
function commitsOf(coded, count) {
    const commits = new Array(count);
    let at = Array.isArray(coded) ? 0 : coded;
    for (let i = 0; i < count; i++) {
        if (Array.isArray(coded)) at += coded[i];
        commits[i] = Array.isArray(coded) ? at : at + i;
    }
    return commits;
}

/* { commits, values, low, high, runs, levels, samples } */
async function historyOf(series) {
    const parcel = await readParcel(series.parcel);
    const coded = parcel[series.place];
    const commits = commitsOf(coded.c, coded.v.length);
    const runs = coded.runs || {};
    return {
        ...coded,
        commits,
        values: coded.v,
        runs,
        low: coded.v.map((value, i) => (runs[i] ? least(runs[i]) : value)),
        high: coded.v.map((value, i) => (runs[i] ? most(runs[i]) : value)),
        samples: coded.samples || [],
    };
}
