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
    /[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\uffff]/g;

function visible(text) {
    return String(text).replace(UNSEEN, (c) => "\\u" + c.charCodeAt(0).toString(16).padStart(4, "0"));
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

/* How values of about this size are shown: divided by `by`, with the unit behind them. */
function scaleOf(units, size) {
    const scales = Object.hasOwn(SCALES, units || "") ? SCALES[units] : null;
    if (!scales) return { by: 1, unit: units ? visible(units) : "" };
    const fitting = scales.find(([least]) => Math.abs(size) >= least);
    const [by, unit] = fitting || (size ? scales[scales.length - 1] : scales.find(([least]) => least === 1));
    return { by, unit };
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
    const number = scale.by === 1 ? digits(value, 4) : decimals(value / scale.by, 4);
    return number + (scale.unit ? "\u00a0" + scale.unit : "");
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

function day(time) {
    return time ? new Date(time * 1000).toISOString().slice(0, 10) : "";
}

function moment(time) {
    return time ? new Date(time * 1000).toISOString().slice(0, 16).replace("T", " ") + " UTC" : "";
}

/* A link goes to the web or nowhere. */
function webAddress(url) {
    return typeof url === "string" && /^https?:\/\//i.test(url) ? url : null;
}
