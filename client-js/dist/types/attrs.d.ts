import type { Attrs, Value } from "./component.js";
/** Attributes that are being made. */
export type Draft = Record<string, Value>;
export declare function draft(): Draft;
/** The keys in the order of their UTF-8 bytes. */
export declare function sortedKeys(attrs: Attrs): string[];
/** The value of key; undefined where there is none. */
export declare function valueOf(attrs: Attrs | undefined, key: string): Value | undefined;
export declare function hasAttrs(attrs: Attrs | undefined): attrs is Attrs;
export declare function equalAttrs(a: Attrs | undefined, b: Attrs | undefined): boolean;
/** a with the values of b put over it. Nulls are kept where keepNull is set, and otherwise remove their key. */
export declare function overlay(a: Attrs | undefined, b: Attrs | undefined, keepNull: boolean): Attrs | undefined;
/** a less the keys that b sets. */
export declare function without(a: Attrs | undefined, b: Attrs | undefined): Attrs | undefined;
/**
 * What brings text that had the attributes old back to them after change was put over it: the old value of each key that
 * change sets, null where there was none.
 */
export declare function undoAttrs(old: Attrs | undefined, change: Attrs): Attrs | undefined;
/** attrs less its nulls: what an insert may carry. */
export declare function withoutNulls(attrs: Attrs | undefined): Attrs | undefined;
