/* A table whose rows come in portions: the first ones at once, the others when there is time or when
 * the reader gets there, so that thousands of benchmarks open as quickly as ten. */

const FIRST_ROWS = 60;
const MORE_ROWS = 120;
const ROWS_AT_ONCE_MAX = 4000;

class RowFeed {
    constructor(body, makeRow) {
        this.body = body;
        this.makeRow = makeRow;
        this.turn = 0;
        this.more = el(
            "p",
            { class: "small", hidden: true },
            el("button", { type: "button", onclick: () => this.fill(this.shown + 1000) }, "Show more rows"),
        );
    }

    /* Shows these items, from the first one. */
    show(items) {
        this.items = items;
        this.shown = 0;
        this.turn++;
        this.body.replaceChildren();
        this.fill(FIRST_ROWS);
        this.later(this.turn);
    }

    fill(until) {
        const end = Math.min(until, this.items.length);
        const rows = [];
        while (this.shown < end) rows.push(this.makeRow(this.items[this.shown++]));
        this.body.append(...rows);
        this.more.hidden = this.shown >= this.items.length || this.shown < ROWS_AT_ONCE_MAX;
    }

    later(turn) {
        const limit = Math.min(this.items.length, ROWS_AT_ONCE_MAX);
        if (turn !== this.turn || this.shown >= limit) return;
        const wait = window.requestIdleCallback || ((work) => setTimeout(work, 30));
        wait(() => {
            if (turn === this.turn && this.body.isConnected) {
                this.fill(Math.min(this.shown + MORE_ROWS, limit));
                this.later(turn);
            }
        });
    }
}

/* A heading that sorts. `sort` is { key, down }, shared by the headings of one table. */
function sortHeading(text, key, className, sort, changed) {
    const heading = el("th", { scope: "col", class: className });
    const button = el("button", { type: "button" }, text);
    heading.dataset.key = key;
    button.addEventListener("click", () => {
        sort.down = sort.key === key ? !sort.down : false;
        sort.key = key;
        changed();
    });
    heading.append(button);
    return heading;
}

function markSorted(row, sort) {
    for (const heading of row.querySelectorAll("th[data-key]")) {
        if (heading.dataset.key === sort.key)
            heading.setAttribute("aria-sort", sort.down ? "descending" : "ascending");
        else heading.removeAttribute("aria-sort");
    }
}

/* Ascending, what is not known last either way. */
function compareBy(value, down) {
    return (a, b) => {
        const x = value(a),
            y = value(b);
        if (x === null || y === null || x === undefined || y === undefined)
            return ((x ?? null) === null) - ((y ?? null) === null) || a.number - b.number;
        const order = typeof x === "string" ? (x < y ? -1 : x > y ? 1 : 0) : x - y;
        return (down ? -order : order) || a.number - b.number;
    };
}
