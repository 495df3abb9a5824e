/* The course of a series in a table's cell, drawn when the row comes into view. */

const LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
const SPARK_COLUMNS = 48;

function sparkPath(text, points) {
    const heights = Array.from(text, (letter) => 63 - LETTERS.indexOf(letter));
    if (points <= SPARK_COLUMNS) {
        const line = heights.map((y, x) => `${x ? "L" : "M"}${x} ${y}`).join("");
        return {
            path: points === 1 ? `M0 ${heights[0]}L1 ${heights[0]}` : line,
            width: Math.max(1, points - 1),
        };
    }
    let path = "";
    for (let x = 0; x < SPARK_COLUMNS; x++)
        path += `${x ? "L" : "M"}${x} ${heights[2 * x]}L${x} ${heights[2 * x + 1]}`;
    return { path, width: SPARK_COLUMNS - 1 };
}

function drawSpark(cell, series) {
    const { path, width } = sparkPath(series.spark, series.points);
    cell.append(
        svg(
            "svg",
            {
                class: "spark",
                viewBox: `-0.5 -3 ${width + 1} 70`,
                preserveAspectRatio: "none",
                "aria-hidden": "true",
            },
            svg("path", { d: path }),
        ),
    );
}

function drawOnce(cell) {
    sparkWatcher.unobserve(cell);
    if (!cell.firstChild) drawSpark(cell, allSeries[cell.dataset.series]);
}

function drawAllSparks() {
    document.querySelectorAll("td.trend[data-series]").forEach(drawOnce);
}

const sparkWatcher = new IntersectionObserver(
    (entries) => {
        for (const entry of entries) {
            if (!entry.isIntersecting) continue;
            drawOnce(entry.target);
        }
    },
    { rootMargin: "200px" },
);

function sparkCell(series) {
    const cell = el("td", { class: "trend", "data-series": series.number });
    sparkWatcher.observe(cell);
    return cell;
}
