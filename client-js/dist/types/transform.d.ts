import { type Op, type Side } from "./component.js";
/**
 * Moves op over a concurrent op: both were made on the same document, and the result does after over what op did before it.
 *
 * TP1: where b arrives later, a then transform(b, a, "left") and b then transform(a, b, "right") make the same document.
 */
export declare function transform(op: Op, over: Op, side: Side): Op;
/**
 * Moves an offset over an op. An insert at the offset itself moves it with side right, the owner's, and leaves it with left,
 * the side for inserts of others. An offset in text that goes falls to its left edge.
 */
export declare function transformOffset(op: Op, offset: number, side: Side): number;
/** A selection: it reaches from anchor, where it was begun, to head, where the caret is. */
export interface Range {
    readonly anchor: number;
    readonly head: number;
}
/** Moves both ends of a range over an op. */
export declare function transformRange(op: Op, range: Range, side: Side): Range;
