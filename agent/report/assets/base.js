/* What all views use: elements, text, numbers. Foreign text only ever gets into the page as text. */

function el(tag, attributes, ...children) {
    const node = document.createElement(tag);
    for (const [key, value] of Object.entries(attributes || {})) {
        if (value === undefined || value === null || value === false) continue;
        if (key.startsWith("on")) node.addEventListener(key.slice(2), value);
        else node.setAttribute(key, value === true ? "" : value);
    }
    node.append(...children.filter((child) => child !== null && child !== undefined && child !== false));
    return node;
}

function svg(tag, attributes, ...children) {
    const node = document.createElementNS("http://www.w3.org/2000/svg", tag);
    for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
    node.append(...children);
    return node;
}

/* What cannot be seen, and what turns the direction of text, is shown by its number. */
const UNSEEN =
    /[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2028-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\ufffe\uffff\u{e0000}-\u{e0fff}]/gu;

function visible(text) {
    const unseen = /^\s+$/.test(text) ? /\s/g : UNSEEN;
    return String(text).replace(unseen, (c) => "\\u" + c.codePointAt(0).toString(16).padStart(4, "0"));
}

/* Foreign text, which cannot reorder what stands around it. */
function foreign(text, attributes) {
    return el("bdi", attributes, visible(text));
}

/* Of any number of values, while a call takes only so many arguments. */
function least(values) {
    return values.reduce((a, b) => (b < a ? b : a), Infinity);
}

function most(values) {
    return values.reduce((a, b) => (b > a ? b : a), -Infinity);
}

function announce(text) {
    document.getElementById("status").textContent = text;
}

const SCALES = {
    nanoseconds: [
        [1e9, "s"],
        [1e6, "ms"],
        [1e3, "µs"],
        [1, "ns"],
        [1e-3, "ps"],
    ],
    seconds: [
        [1, "s"],
        [1e-3, "ms"],
        [1e-6, "µs"],
        [1e-9, "ns"],
    ],
    bytes: [
        [2 ** 40, "TiB"],
        [2 ** 30, "GiB"],
        [2 ** 20, "MiB"],
        [1024, "KiB"],
        [1, "B"],
    ],
};
SCALES.ns = SCALES.nanoseconds;
SCALES.s = SCALES.seconds;
SCALES.byte = SCALES.B = SCALES.bytes;
SCALES["bytes/s"] = SCALES["bytes/second"] = SCALES.bytes.map(([size, unit]) => [size, unit + "/s"]);

const UNIT_LENGTH = 24;

/* A unit stands behind each number. */
function shortUnit(units) {
    const seen = visible(units);
    return seen.length > UNIT_LENGTH ? seen.slice(0, UNIT_LENGTH - 1) + "…" : seen;
}

/* How values of about this size are shown: divided by `by`, with the unit behind them. */
function scaleOf(units, size) {
    const scales = Object.hasOwn(SCALES, units || "") ? SCALES[units] : null;
    if (!scales) return { by: 1, unit: units ? shortUnit(units) : "" };
    const fitting = scales.find(([least]) => Math.abs(size) >= least);
    const [by, unit] = fitting || (size ? scales[scales.length - 1] : scales.find(([least]) => least === 1));
    return { by, unit };
}

/* The same for an axis: its few digits would not tell large counts apart. */
function axisScaleOf(units, size) {
    const scale = scaleOf(units, size);
    const exponent = 3 * Math.floor(Math.log10(Math.abs(size)) / 3);
    if (scale.by !== 1 || !(exponent >= 6) || (scale.unit && Object.hasOwn(SCALES, units))) return scale;
    return { by: 10 ** exponent, unit: `1e${exponent} ${scale.unit}`.trim() };
}

function digits(value, count) {
    if (value === null || value === undefined || !Number.isFinite(value)) return "–";
    const size = Math.abs(value);
    if (size >= 1e6 || (size && size < 1e-4)) return value.toExponential(count - 1).replace("e+", "e");
    return Number.isInteger(value) ? value.toLocaleString("en-US") : decimals(value, count);
}

/* The zeros at the end too. */
function decimals(value, count) {
    const after = value ? Math.min(20, Math.max(0, count - 1 - Math.floor(Math.log10(Math.abs(value))))) : 0;
    return value.toLocaleString("en-US", { minimumFractionDigits: after, maximumFractionDigits: after });
}

/* "12.35 ms" */
function quantity(value, units) {
    if (value === null || value === undefined) return "–";
    const scale = scaleOf(units, value);
    const shown = value / scale.by;
    const number = scale.by === 1 || Math.abs(shown) >= 1e6 ? digits(shown, 4) : decimals(shown, 4);
    /* A long unit may go below its number, where there is no room beside it. */
    const blank = scale.unit.length > 2 ? " " : "\u00a0";
    return number + (scale.unit ? blank + scale.unit : "");
}

/* "+5.2 %", or a difference in the unit where effects are not relative. */
function effect(value, relative, units) {
    if (value === null || value === undefined) return "–";
    const sign = value > 0 ? "+" : value < 0 ? "−" : "±";
    if (!relative) return sign + quantity(Math.abs(value), units);
    const percent = Math.abs(100 * value);
    const shown = percent < 9.95 ? percent.toFixed(1) : percent.toFixed(0);
    return (shown === "0.0" ? "±" : sign) + shown + "\u00a0%";
}

function countOf(number, noun) {
    return `${number} ${noun}${number === 1 ? "" : "s"}`;
}

function day(time) {
    return time ? new Date(time * 1000).toISOString().slice(0, 10) : "";
}

function moment(time) {
    return time ? new Date(time * 1000).toISOString().slice(0, 16).replace("T", " ") + " UTC" : "";
}

/* For an axis: the day, and the minute where a day would stand there twice. Null is no commit. */
function axisTimes(times) {
    const days = times.map((time) => (time === null ? "" : day(time)));
    const twice = days.some((text, i) => text && days.indexOf(text) < i);
    return twice ? times.map((time) => (time === null ? "" : moment(time).slice(5, 16))) : days;
}

/* A link goes to the web or nowhere. */
function webAddress(url) {
    return typeof url === "string" && /^https?:\/\//i.test(url) ? url : null;
}
