// Only improvements: every page works without this file. No framework, no inline script.
(() => {
    "use strict";

    const on = (type, act) => document.addEventListener(type, act);

    // One key each, never while somebody types: `/` finds, `j` and `k` go on, `?` helps.
    const open = (link) => (link ? location.assign(link.href) : undefined);
    const step = (by) => {
        const rows = [...document.querySelectorAll("tr[data-open] th a")].filter((link) => link.checkVisibility());
        if (!rows.length) return open(document.querySelector(by > 0 ? "a[rel=next]" : "a[rel=prev]"));
        const here = rows.findIndex((link) => link.closest("tr").contains(document.activeElement));
        const next = rows[here < 0 ? (by > 0 ? 0 : rows.length - 1) : here + by];
        next?.focus();
        next?.closest("tr").scrollIntoView({ block: "nearest" });
    };
    const keys = {
        "/": () => {
            const search = document.querySelector("input[type=search]");
            search?.focus();
            search?.select();
            return search;
        },
        j: () => step(1),
        k: () => step(-1),
        "?": () => document.querySelector("#keyboard")?.showModal(),
    };
    // They can be switched off: who dictates would press them with every word.
    let usesKeys = true;
    const showKeys = () => {
        for (const box of document.querySelectorAll("[data-use-keys]")) box.checked = usesKeys;
        for (const hint of document.querySelectorAll("[data-keyboard] span")) hint.hidden = !usesKeys;
    };
    const readKeys = () => {
        try {
            usesKeys = localStorage.getItem("keys") !== "off";
        } catch {
            // A browser that keeps nothing has them on, until they are switched off on the page.
        }
        showKeys();
    };
    readKeys();
    // They may be switched on another page: in another tab, or before the way back to this one.
    for (const moment of ["pageshow", "storage"]) window.addEventListener(moment, readKeys);
    on("change", (event) => {
        if (!event.target.matches("[data-use-keys]")) return;
        usesKeys = event.target.checked;
        showKeys();
        try {
            localStorage.setItem("keys", usesKeys ? "on" : "off");
        } catch {
            // Then it is for this page.
        }
    });
    on("keydown", (event) => {
        if (!usesKeys || !Object.hasOwn(keys, event.key)) return;
        const typing = event.target.closest("input, textarea, select, dialog, [contenteditable]");
        if (typing || event.ctrlKey || event.metaKey || event.altKey) return;
        event.preventDefault();
        keys[event.key]();
    });
    on("click", (event) => event.target.closest("[data-keyboard]") && keys["?"]());

    // Says how many requests came since the list was opened; it moves nothing that is being read.
    for (const live of document.querySelectorAll("[data-newer]")) {
        const [link, said] = live.children;
        const look = async () => {
            if (document.hidden) return;
            const answer = await fetch(live.dataset.newer).catch(() => null);
            if (!answer) return;
            // Signed out, or the page is from an older program: there is nothing more to ask.
            if (answer.redirected || [401, 403, 404].includes(answer.status)) return clearInterval(timer);
            // A store or a program that is away may be back the next time.
            if (!answer.ok) return;
            const { words } = await answer.json();
            if (!words || said.textContent === words) return;
            link.textContent = `${words} · show`;
            said.textContent = words;
            live.classList.add("has-newer");
        };
        const timer = setInterval(look, 10000);
        on("visibilitychange", look);
    }

    // A select with [data-apply] applies the filter when a value is chosen; empty fields stay out of the
    // address. Keys that go through the values of a closed one choose none yet: Enter does, or going on.
    const applies = "select[data-apply]";
    const opening = ["Enter", " ", "F4"];
    if (navigator.platform.startsWith("Mac")) opening.push("ArrowUp", "ArrowDown");
    for (const select of document.querySelectorAll(applies)) {
        select.setAttribute("aria-description", "Enter or Tab applies it.");
    }
    let isPassing = false;
    let passed = null;
    const apply = (select) => {
        passed = null;
        // A channel may be called so, too.
        if (select.name !== "range" || select.value !== "custom") return select.form.requestSubmit();
        document.querySelector(".filters details[data-panel]").open = true;
        document.querySelector(".filter-panel [name=from]").focus();
    };
    on("keydown", (event) => {
        // Some keys open it: then what is chosen is meant.
        const opens = event.altKey || opening.includes(event.key);
        isPassing = event.target.matches(applies) && !opens;
        if (event.key !== "Enter" || !passed) return;
        event.preventDefault();
        apply(passed);
    });
    // The key that led to it, pressed in another one, went through none of its values.
    for (const begins of ["pointerdown", "focusin"]) on(begins, () => (isPassing = false));
    on("change", (event) => {
        const select = event.target;
        if (!select.matches(applies)) return;
        if (!isPassing) return apply(select);
        const inForce = [...select.options].find((option) => option.defaultSelected) ?? select.options[0];
        passed = select.value === inForce.value ? null : select;
    });
    on("focusout", (event) => {
        // It keeps the focus where the window alone loses it.
        if (event.target === passed && document.activeElement !== passed) apply(passed);
    });
    // A value is either chosen or excluded.
    on("change", (event) => {
        const box = event.target;
        if (!box.checked || !box.matches(".facet [type=checkbox]")) return;
        for (const other of box.closest("tr").querySelectorAll("[type=checkbox]")) other.checked = other === box;
    });
    on("submit", (event) => {
        const form = event.target;
        const method = event.submitter?.getAttribute("formmethod") ?? form.method;
        if (method === "get") {
            const empty = [...form.elements].filter((field) => field.name && !field.value && !field.disabled);
            for (const field of empty) field.disabled = true;
            // By then the address is made; the page itself may stay, as with Ctrl.
            setTimeout(() => {
                for (const field of empty) field.disabled = false;
            });
        }
        if (method !== "post") return;
        // A double click sends once, and so does another one because the answer takes its time, as that
        // to a mail does. Later it sends again: the page may have stayed.
        if (form.dataset.sent) return event.preventDefault();
        form.dataset.sent = "yes";
        setTimeout(() => delete form.dataset.sent, 15000);
    });
    window.addEventListener("pageshow", (event) => {
        if (event.persisted) passed = null;
        for (const form of document.forms) {
            delete form.dataset.sent;
            // A page that was kept as it was left says again what it is filtered by.
            if (form.method === "get" && event.persisted) form.reset();
        }
    });

    // A click anywhere in a row opens the request, unless text is being selected or something else was meant.
    const ownUse = "a, button, input, label, summary, form, select, option, textarea";
    on("click", (event) => {
        const row = event.target.closest("tr[data-open]");
        if (!row || event.target.closest(ownUse) || String(getSelection())) return;
        const link = row.querySelector("a[href]");
        if (link && event.detail < 2) link.click();
    });

    // A stretch of the chart drawn with the mouse becomes the window; a click still opens its bar.
    for (const chart of document.querySelectorAll(".chart[data-zoom]")) {
        const drawing = chart.querySelector("svg");
        const drawn = chart.querySelector(".drawn");
        const part = (event) => {
            const box = drawing.getBoundingClientRect();
            return Math.min(1, Math.max(0, (event.clientX - box.left) / box.width));
        };
        let begun = null;
        let wasDrawn = false;
        drawing.addEventListener("pointerdown", (event) => {
            wasDrawn = false;
            if (event.button === 0 && event.pointerType === "mouse") begun = { at: part(event), x: event.clientX };
        });
        on("pointermove", (event) => {
            if (!begun) return;
            wasDrawn = wasDrawn || Math.abs(event.clientX - begun.x) > 6;
            if (!wasDrawn) return;
            const [left, right] = [begun.at, part(event)].sort((a, b) => a - b);
            drawn.setAttribute("x", `${left * 100}%`);
            drawn.setAttribute("width", `${(right - left) * 100}%`);
        });
        on("pointerup", (event) => {
            if (!begun || !wasDrawn) return void (begun = null);
            const [left, right] = [begun.at, part(event)].sort((a, b) => a - b);
            begun = null;
            const [from, to] = [Number(chart.dataset.from), Number(chart.dataset.to)];
            const time = (part) => new Date(from + (to - from) * part).toISOString();
            const url = new URL(chart.dataset.zoom, location.href);
            url.searchParams.set("from", time(left));
            url.searchParams.set("to", time(right));
            location.assign(url);
        });
        drawing.addEventListener("click", (event) => wasDrawn && event.preventDefault());
        drawing.addEventListener("dragstart", (event) => event.preventDefault());
    }

    // Panels close with Escape and with a click elsewhere.
    const panels = () => document.querySelectorAll("details[data-panel][open]");
    on("click", (event) => {
        for (const panel of panels()) if (!panel.contains(event.target)) panel.open = false;
    });
    on("keydown", (event) => {
        if (event.key !== "Escape") return;
        for (const panel of panels()) {
            panel.open = false;
            panel.querySelector("summary").focus();
        }
    });

    // A link that is there to be copied.
    on("click", async (event) => {
        const link = event.target.closest("a[data-copy-link]");
        if (!link || !navigator.clipboard || event.ctrlKey || event.metaKey || event.shiftKey) return;
        event.preventDefault();
        const words = link.querySelector("span");
        try {
            await navigator.clipboard.writeText(link.href);
            words.textContent = "Link copied";
            setTimeout(() => (words.textContent = "Copy link"), 2000);
        } catch {
            location.assign(link.href);
        }
    });

    // Replaces what differs alone: the rest keeps the focus, and a click on it that has begun.
    const replace = (old, renewed) => {
        if (old.isEqualNode(renewed)) return;
        const [were, are] = [[...old.childNodes], [...renewed.childNodes]];
        const isAlike = were.length === are.length && old.cloneNode().isEqualNode(renewed.cloneNode());
        if (!were.length || !isAlike) return old.replaceWith(renewed);
        were.forEach((node, at) => replace(node, are[at]));
    };
    // What is still going on renews itself, until it ends; not while nobody looks. What a form said
    // stays to be read, and the focus stays where it is, or goes to the heading if that is gone.
    const renew = async () => {
        const old = document.querySelector("[data-renew]");
        if (!old) return;
        if (!document.hidden) {
            try {
                const answer = await fetch(location.href);
                // Signed out: the way back here is by signing in.
                if (answer.redirected) return location.reload();
                const page = new DOMParser().parseFromString(await answer.text(), "text/html");
                const renewed = page.querySelector("main > .stack");
                if (answer.ok && renewed) {
                    const focused = document.activeElement;
                    replace(old, renewed);
                    if (!focused.isConnected) {
                        const controls = [...document.querySelectorAll("main > .stack :is(a, button)")];
                        const same = controls.find((control) => control.textContent === focused.textContent);
                        (same ?? document.querySelector("main h1")).focus();
                    }
                    for (const named of ["title", ".breadcrumb [aria-current]"]) {
                        document.querySelector(named).textContent = page.querySelector(named).textContent;
                    }
                }
            } catch {
                // The next time may do.
            }
        }
        setTimeout(renew, 1500);
    };
    setTimeout(renew, 1500);

    // A copy button on every .code block.
    if (navigator.clipboard) {
        for (const block of document.querySelectorAll(".code")) {
            const button = document.createElement("button");
            button.type = "button";
            button.className = "button small";
            button.textContent = "Copy";
            button.addEventListener("click", async () => {
                try {
                    await navigator.clipboard.writeText(block.querySelector("pre").textContent);
                    button.textContent = "Copied";
                } catch {
                    button.textContent = "Not copied";
                }
                setTimeout(() => (button.textContent = "Copy"), 2000);
            });
            block.append(button);
        }
    }
})();
