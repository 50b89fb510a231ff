import type { Attrs, Component, Op } from "./component.js";
/** What the head of an Iter is. */
export declare const End = 0;
export declare const Retain = 1;
export declare const Insert = 2;
export declare const Delete = 3;
/** Walks over an op's components, cutting them where the other op's end. */
export declare class Iter {
    private readonly op;
    kind: typeof End | typeof Retain | typeof Insert | typeof Delete;
    /** The code units that are left of the head; Infinity at the end. */
    left: number;
    attrs: Attrs | undefined;
    private at;
    private used;
    private head;
    constructor(op: Op);
    /** Goes on to the next component. */
    next(): void;
    /** Drops n code units of the head. */
    skip(n: number): void;
    /** The first n code units of the head, which it drops; OpError "surrogate" where that cuts a pair in two. */
    take(n: number): Component;
    /** What is left of the head, which it drops. */
    rest(): Component;
    private part;
}
