import { type Attrs, type Component, type Op } from "./component.js";
/**
 * Makes an Op in normal form from components in order: joins neighbours, leaves out what is empty and what keeps the rest.
 *
 *     new OpBuilder().retain(3).insert("abc").delete(2).op()
 */
export declare class OpBuilder {
    private readonly out;
    /** Keeps n code units, and sets attrs on them (null: removes). */
    retain(n: number, attrs?: Attrs): this;
    /** Inserts text with attrs, whose nulls are left out. */
    insert(text: string, attrs?: Attrs): this;
    /** Inserts an embed, which counts one code unit, with attrs, whose nulls are left out. */
    embed(type: string, value: string, attrs?: Attrs): this;
    /** Deletes n code units. */
    delete(n: number): this;
    /** Appends a component of another op, which must be a valid one. */
    push(c: Component): this;
    /** The op. The builder must not be used after it. */
    op(): Op;
}
/** The one component that normal form makes of c and d side by side; undefined where they stay two. */
export declare function join(c: Component, d: Component): Component | undefined;
/** c with the attributes attrs in place of its own. */
export declare function withAttrs(c: Exclude<Component, {
    delete: number;
}>, attrs: Attrs | undefined): Component;
export declare function isPlainRetain(c: Component): boolean;
