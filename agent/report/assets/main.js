/* Which view is shown follows from the address behind the #, so that each has one of its own. */

let shown = null;

function commitNumber(id) {
    const at = id ? report.commits.id.indexOf(id) : -1;
    return at < 0 ? null : at;
}

/* An address that was cut in two is nobody's error. */
function decoded(text) {
    try {
        return decodeURIComponent(text);
    } catch {
        return text;
    }
}

function compareFromHash(text) {
    const [a, b] = text.split("..");
    const second = commitNumber(b) ?? report.head ?? report.commits.id.length - 1;
    const first = commitNumber(a) ?? report.base ?? Math.max(0, second - 1);
    return compareView(first, second);
}

function viewOfHash(hash) {
    if (hash.startsWith("#series=")) {
        const series = byKey.get(hash.slice("#series=".length));
        if (series) return [panelView(series), visible(series.title)];
        return [
            el(
                "div",
                {},
                el("h1", { tabindex: "-1" }, "This benchmark is not in the report"),
                el("p", {}, el("a", { href: "#" }, "To the overview")),
            ),
            "Not found",
        ];
    }
    if (hash === "#compare" || hash.startsWith("#compare="))
        return [compareFromHash(decoded(hash.slice("#compare=".length))), "Compare"];
    return [overviewView(), "Report"];
}

function show(moveFocus) {
    const hash = location.hash;
    if (hash === "#main") return;
    if (shown && shown.close) shown.close();
    const [view, title] = viewOfHash(hash);
    shown = view;
    const place = document.getElementById("view");
    place.replaceChildren(view);
    document.title = `${title.slice(0, 120)} – ${report.project ? visible(report.project) : "benchmarks"}`;
    const here = hash.startsWith("#compare")
        ? "to-compare"
        : hash.startsWith("#series=")
          ? ""
          : "to-overview";
    for (const id of ["to-overview", "to-compare"]) {
        if (id === here) document.getElementById(id).setAttribute("aria-current", "page");
        else document.getElementById(id).removeAttribute("aria-current");
    }
    if (moveFocus) {
        window.scrollTo(0, 0);
        view.querySelector("h1").focus({ preventScroll: true });
    }
}

/* -- light and dark */

const THEMES = ["automatic", "light", "dark"];

function storedTheme() {
    try {
        return localStorage.getItem("lance-bench-theme");
    } catch {
        return null;
    }
}

function setTheme(theme) {
    if (theme === "automatic") delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = theme;
    document.getElementById("theme").textContent = "Theme: " + theme;
    document.dispatchEvent(new Event("themechange"));
}

function nextTheme() {
    const theme =
        THEMES[(THEMES.indexOf(document.documentElement.dataset.theme || "automatic") + 1) % THEMES.length];
    setTheme(theme);
    try {
        localStorage.setItem("lance-bench-theme", theme);
    } catch {
        /* a browser that keeps nothing for a page shows it all the same */
    }
}

/* Paper is light, and all of it is in view. */
function preparePrint() {
    const theme = document.documentElement.dataset.theme;
    setTheme("light");
    drawAllSparks();
    window.addEventListener("afterprint", () => setTheme(theme || "automatic"), { once: true });
}

function fillFrame() {
    document.getElementById("project").append(foreign(report.project || "Benchmarks"));
    const about = `${countOf(allSeries.length, "benchmark")}, ${countOf(report.commits.id.length, "commit")}`;
    document.getElementById("about").append(`${about}, made ${moment(report.generated)}`);
    const footer = document.getElementById("footer");
    footer.append("Made by ", foreign(report.generator || "lance-bench"), ".");
    const home = webAddress(report.repository);
    if (home) footer.append(" ", el("a", { href: home, rel: "noreferrer noopener" }, "The repository"), ".");
}

const themeNow = storedTheme();
setTheme(THEMES.includes(themeNow) ? themeNow : "automatic");
document.getElementById("theme").addEventListener("click", nextTheme);
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () =>
    document.dispatchEvent(new Event("themechange")),
);
window.addEventListener("beforeprint", preparePrint);
window.addEventListener("hashchange", () => show(true));
fillFrame();
show(false);
document.documentElement.dataset.ready = "yes";
