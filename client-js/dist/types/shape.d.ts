import { type Draft } from "./attrs.js";
import type { Component, Op, Value } from "./component.js";
import { Checker, type Limits } from "./validate.js";
/** Reads the JSON shape of an op strictly: an OpError says what is wrong. */
export declare function fromWire(x: unknown, limits?: Limits): Op;
/** c, which was read as one without attributes, with attrs. */
export declare function withRead(c: Component, attrs: Draft, checker: Checker): Component;
/** Gathers attributes that must come sorted, each key once; the checker is told where they do not. */
export declare class AttrsReader {
    private readonly checker;
    readonly attrs: Draft;
    private last;
    constructor(checker: Checker);
    add(key: string, value: Value): void;
}
/** The JSON shape of an op. */
export declare function toWire(op: Op): unknown[];
