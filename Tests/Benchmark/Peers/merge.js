// The merger that a user would write in Node: objects in memory, RFC 7396 patches read from JSON text, JSON.stringify per 100 changes.
//
// node merge.js STATE PATCHES SECONDS FINAL: the patches, one a line, over and over, whole passes only, so that the end is the same
// however many there were. Prints the figures in one line and writes the last state to FINAL.
"use strict";
const fs = require("fs");

function merge(target, patch) {
    for (const name in patch) {
        const value = patch[name];
        if (value === null) {
            delete target[name];
        } else if (typeof value === "object" && !Array.isArray(value)) {
            const present = target[name];
            if (present !== null && typeof present === "object" && !Array.isArray(present)) merge(present, value);
            else target[name] = merge({}, value);
        } else {
            target[name] = value;
        }
    }
    return target;
}

const [stateFile, patchFile, seconds, finalFile] = process.argv.slice(2);
const state = JSON.parse(fs.readFileSync(stateFile, "utf8"));
const patches = fs.readFileSync(patchFile, "utf8").trimEnd().split("\n");
let text = "";
let bytes = 0;

function pass() {
    for (let index = 0; index < patches.length; index++) {
        merge(state, JSON.parse(patches[index]));
        if (index % 100 === 99) {
            text = JSON.stringify(state);
            bytes += text.length;
        }
    }
}

const warm = process.hrtime.bigint();
do pass(); while (Number(process.hrtime.bigint() - warm) < 3e8);
const start = process.hrtime.bigint();
let changes = 0;
let microseconds = 0;
bytes = 0;
do {
    pass();
    changes += patches.length;
    microseconds = Number((process.hrtime.bigint() - start) / 1000n);
} while (microseconds < seconds * 1e6);
fs.writeFileSync(finalFile, text);
console.log(`result requests=${changes} microseconds=${microseconds} bytes=${bytes} errors=0`);
