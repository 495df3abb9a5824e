/* The history of one series as a chart: uPlot draws the points, this file what lies behind them. No point
 * is left out, however many there are. */

function colour(name) {
    return getComputedStyle(document.documentElement)
        .getPropertyValue("--" + name)
        .trim();
}

function shapePaths(u, draw) {
    const { ctx, bbox } = u;
    ctx.save();
    ctx.beginPath();
    ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
    ctx.clip();
    draw(
        ctx,
        (x) => u.valToPos(x, "x", true),
        (y) => u.valToPos(y, "y", true),
        devicePixelRatio || 1,
    );
    ctx.restore();
}

function drawLevels(u, history, by) {
    shapePaths(u, (ctx, x, y, pixel) => {
        const log = u.scales.y.distr === 3;
        for (const [first, last, value, low, high] of history.levels) {
            const left = x(first - 0.5),
                right = x(last + 0.5);
            if (low !== null && high !== null) {
                const bottom = log && low <= 0 ? u.bbox.top + u.bbox.height : y(low / by);
                ctx.fillStyle = colour("band");
                ctx.fillRect(left, y(high / by), right - left, bottom - y(high / by));
            }
            ctx.fillStyle = colour("level");
            ctx.fillRect(left, y(value / by) - pixel, right - left, 2 * pixel);
        }
    });
}

function drawChanges(u, marks) {
    shapePaths(u, (ctx, x, y, pixel) => {
        for (const mark of marks) {
            ctx.strokeStyle = colour(mark.worse ? "worse" : "better");
            ctx.lineWidth = 2 * pixel;
            ctx.setLineDash(mark.worse ? [7 * pixel, 4 * pixel] : [2 * pixel, 3 * pixel]);
            ctx.beginPath();
            ctx.moveTo(x(mark.at - 0.5), u.bbox.top);
            ctx.lineTo(x(mark.at - 0.5), u.bbox.top + u.bbox.height);
            ctx.stroke();
        }
    });
}

function drawRuns(u, history, by) {
    shapePaths(u, (ctx, x, y, pixel) => {
        ctx.strokeStyle = colour("point");
        ctx.lineWidth = pixel;
        ctx.beginPath();
        for (const point of Object.keys(history.runs)) {
            ctx.moveTo(x(Number(point)), y(history.low[point] / by));
            ctx.lineTo(x(Number(point)), y(history.high[point] / by));
        }
        ctx.stroke();
    });
}

function padded(low, high, settings) {
    if (settings.log) return [low / 1.1, high * 1.1];
    const pad = high > low ? (high - low) * 0.07 : Math.abs(high) * 0.05 || 1;
    if (settings.zero) return [Math.min(0, low - pad), Math.max(0, high + pad)];
    return [low >= 0 ? Math.max(0, low - pad) : low - pad, high + pad];
}

/* As many digits as tell the ticks apart. */
function axisNumbers(splits) {
    const known = splits.filter((y) => y !== null);
    const step = known.length > 1 ? Math.abs(known[1] - known[0]) : 1;
    const after = Math.min(12, Math.max(0, Math.ceil(-Math.log10(step) - 1e-9)));
    const even = known.every((y, i) => !i || Math.abs(y - known[i - 1] - step) < step * 1e-6);
    return splits.map((y) => {
        if (y === null) return "";
        const plain = even && Math.abs(y) < 1e7 && step >= 1e-9;
        return plain
            ? y.toLocaleString("en-US", { minimumFractionDigits: after, maximumFractionDigits: after })
            : String(Number(y.toPrecision(3)));
    });
}

function axisFont() {
    return "12px system-ui, -apple-system, 'Segoe UI', Roboto, sans-serif";
}

function chartOptions(history, series, marks, settings, scale, hooks) {
    const lowest = least(history.low) / scale.by,
        highest = most(history.high) / scale.by;
    const axis = {
        stroke: colour("faint"),
        font: axisFont(),
        grid: { stroke: colour("line"), width: 1 },
        ticks: { show: false },
    };
    const last = history.values.length - 1;
    return {
        width: settings.width,
        height: settings.height,
        legend: { show: false },
        padding: [10, 38, 0, 0],
        scales: {
            x: { time: false, min: settings.from - 0.5, max: last + 0.5, range: (u, min, max) => [min, max] },
            y: {
                distr: settings.log ? 3 : 1,
                log: 10,
                range: (u) => {
                    const from = Math.max(0, Math.ceil(u.scales.x.min ?? 0)),
                        to = Math.min(last, Math.floor(u.scales.x.max ?? last));
                    let low = Infinity,
                        high = -Infinity;
                    for (let i = from; i <= to; i++) {
                        low = Math.min(low, history.low[i]);
                        high = Math.max(high, history.high[i]);
                    }
                    return low <= high
                        ? padded(low / scale.by, high / scale.by, settings)
                        : padded(lowest, highest, settings);
                },
            },
        },
        axes: [
            {
                ...axis,
                grid: { show: false },
                size: 34,
                space: 96,
                incrs: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10000],
                values: (u, splits) =>
                    axisTimes(
                        splits.map((x) =>
                            Number.isInteger(x) && x >= 0 && x <= last
                                ? report.commits.time[history.commits[x]]
                                : null,
                        ),
                    ),
            },
            { ...axis, size: 64, values: (u, splits) => axisNumbers(splits) },
        ],
        series: [
            {},
            {
                stroke: colour("point"),
                width: 1,
                points: { show: true, size: last > 1500 ? 3 : 5, fill: colour("point"), width: 0 },
            },
        ],
        cursor: {
            y: false,
            points: { size: 11, width: 2, stroke: colour("ink"), fill: colour("point") },
            drag: { x: true, y: false, setScale: true },
        },
        hooks: {
            drawAxes: [
                (u) => {
                    drawLevels(u, history, scale.by);
                    drawChanges(u, marks);
                },
            ],
            draw: [(u) => drawRuns(u, history, scale.by)],
            setCursor: [hooks.cursor],
        },
    };
}

/* Where the changes of a series lie among its points. */
function marksOf(series, history) {
    return series.changes
        .map((change) => ({ at: history.commits.indexOf(change.after), worse: change.worse, change }))
        .filter((mark) => mark.at >= 0);
}

class HistoryChart {
    constructor(series, history) {
        Object.assign(this, { series, history });
        this.marks = marksOf(series, history);
        this.settings = { log: false, zero: false, from: 0 };
        const sorted = [...history.values].sort((a, b) => a - b);
        this.scale = axisScaleOf(series.units, sorted[sorted.length >> 1]);
        this.positive = least(history.low) > 0;
        this.box = el("div", { class: "chart", role: "img", "aria-label": this.description() });
        this.tip = el("div", { class: "tip", hidden: true });
        this.slider = el("input", {
            type: "range",
            min: 0,
            max: history.values.length - 1,
            value: history.values.length - 1,
            step: 1,
            "aria-label": "Measured commit",
        });
        this.slider.addEventListener("input", () => this.choose(Number(this.slider.value), true));
        this.readout = el("div", { class: "readout" });
        this.box.addEventListener("mouseleave", () => {
            this.tip.hidden = true;
        });
        this.resizer = new ResizeObserver(() => this.resize());
        this.resizer.observe(this.box);
        this.onTheme = () => this.draw();
        document.addEventListener("themechange", this.onTheme);
    }

    close() {
        this.resizer.disconnect();
        document.removeEventListener("themechange", this.onTheme);
        if (this.plot) this.plot.destroy();
    }

    description() {
        const { values } = this.history;
        const changes = this.marks.length ? `, ${this.marks.length} changes of level` : "";
        return `History: ${values.length} commits, from ${quantity(least(values), this.series.units)} to ${quantity(most(values), this.series.units)}${changes}. The table below has the numbers.`;
    }

    set(key, value) {
        this.settings[key] = value;
        this.draw();
    }

    resize() {
        const width = Math.floor(this.box.clientWidth - 8);
        if (width > 0 && width !== this.settings.width) {
            this.settings.width = width;
            if (this.plot) this.plot.setSize({ width, height: this.settings.height });
            else this.draw();
        }
    }

    draw() {
        if (!this.settings.width) return;
        this.settings.height = this.settings.width < 560 ? 280 : 380;
        if (this.plot) this.plot.destroy();
        const { history, scale } = this;
        const options = chartOptions(history, this.series, this.marks, this.settings, scale, {
            cursor: (u) => this.hover(u),
        });
        this.plot = new uPlot(
            options,
            [history.values.map((_, i) => i), history.values.map((value) => value / scale.by)],
            this.box,
        );
        this.plot.over.append(this.tip);
        this.plot.over.addEventListener("click", () => this.slider.focus({ preventScroll: true }));
    }

    hover(u) {
        const { left, idx } = u.cursor;
        const narrow = this.settings.width < 560;
        if (idx === null || idx === undefined || left < 0) {
            this.tip.hidden = true;
            return;
        }
        this.slider.value = idx;
        this.choose(idx, false);
        const commit = commitOf(this.history.commits[idx]);
        this.tip.replaceChildren(
            el("strong", {}, quantity(this.history.values[idx], this.series.units)),
            foreign(commit.short, { class: "id" }),
            " " + day(commit.time),
        );
        this.tip.hidden = narrow; /* it would hide what it tells of; the line below the chart says the same */
        const right = left > u.over.clientWidth / 2;
        this.tip.style.left = right ? "auto" : `${left + 14}px`;
        this.tip.style.right = right ? `${u.over.clientWidth - left + 14}px` : "auto";
        this.tip.style.top = "8px";
    }

    /* Tells of one point; with `move` the chart's cursor goes there. */
    choose(point, move) {
        const { history, series } = this;
        const commit = commitOf(history.commits[point]);
        const value = quantity(history.values[point], series.units);
        this.slider.setAttribute("aria-valuetext", `${visible(commit.short)}, ${day(commit.time)}, ${value}`);
        const line = el(
            "div",
            {},
            el("strong", {}, value),
            " at ",
            commitLink(history.commits[point]),
            " ",
            el("span", { class: "faint" }, moment(commit.time)),
        );
        if (commit.subject) line.append(" ", foreign(commit.subject));
        const about = [];
        if (history.runs[point])
            about.push(
                `${history.runs[point].length} runs: ${history.runs[point].map((run) => quantity(run, series.units)).join(", ")}`,
            );
        const level = history.levels.find(([first, last]) => first <= point && point <= last);
        if (level && level[2])
            about.push(
                `level ${quantity(level[2], series.units)}, ${effect(history.values[point] / level[2] - 1, true)} from it`,
            );
        this.readout.replaceChildren(line, el("div", { class: "small faint" }, about.join(" · ")));
        if (move && this.plot) {
            const left = this.plot.valToPos(point, "x");
            this.tip.hidden = true;
            this.plot.setCursor(
                { left, top: this.plot.valToPos(history.values[point] / this.scale.by, "y") },
                false,
            );
        }
    }
}
