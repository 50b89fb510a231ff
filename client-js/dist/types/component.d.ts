/** An attribute's value. null removes the attribute; integers lie within ±(2^53−1). */
export type Value = null | boolean | number | string;
/** Attributes by key. Their order means nothing: what is written is sorted by the UTF-8 bytes of the keys. */
export type Attrs = Readonly<Record<string, Value>>;
export interface Retain {
    readonly retain: number;
    readonly attrs?: Attrs;
}
export interface InsertText {
    readonly insert: string;
    readonly attrs?: Attrs;
}
export interface InsertEmbed {
    readonly embed: readonly [type: string, value: string];
    readonly attrs?: Attrs;
}
export interface Delete {
    readonly delete: number;
}
export type Insert = InsertText | InsertEmbed;
export type Component = Retain | Insert | Delete;
/** A whole change, in normal form (validate). It is a value: nothing changes an Op in place. */
export type Op = readonly Component[];
/** The kind of a document, fixed when it is created. A text has no attributes, no embeds and no carriage returns. */
export type DocumentKind = "text" | "rich";
/**
 * Which of two concurrent ops reaches the server later (the tie rule). left: the op itself; its inserts go to the left of
 * the other's at the same place, and its attributes win. right: the op that it is moved over.
 */
export type Side = "left" | "right";
export declare function isInsert(c: Component): c is Insert;
/** The number of code units that a component keeps, inserts or deletes. */
export declare function lengthOf(c: Component): number;
/** How many code units of the document an op speaks of. What lies beyond is kept. */
export declare function baseLength(op: Op): number;
/** What the base length becomes. */
export declare function targetLength(op: Op): number;
/** Whether two ops are the same, component by component. */
export declare function equal(a: Op, b: Op): boolean;
