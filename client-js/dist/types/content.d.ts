import { type Op } from "./component.js";
/** What stands for an embed in Content.text, so that offsets into it are offsets into the document. */
export declare const EMBED_CHARACTER = "\uFFFC";
/**
 * The content of a document: an immutable value. It holds the runs of the document as an op of inserts only; a plain text is
 * one string, which V8 shares and flattens by itself.
 */
export declare class Content {
    private readonly runs;
    static readonly empty: Content;
    /** UTF-16 code units; an embed counts 1. */
    readonly length: number;
    private cachedText;
    private cachedHash;
    private constructor();
    /** The content that an op of inserts only makes of an empty document; the op must be valid. */
    static of(op: Op): Content;
    /** A plain text. */
    static ofText(text: string): Content;
    /** The text without attributes, with U+FFFC for every embed. */
    get text(): string;
    /** The content as an op of inserts only. */
    toOp(): Op;
    /** contentHash of the content; kept once it was asked for. */
    hash(): number;
    /** Whether two contents are the same. */
    equals(other: Content): boolean;
    /** Throws an OpError "length" where op reaches past the end, "surrogate" where it has a boundary inside a pair. */
    check(op: Op): void;
    /** The content after op; errors as check. */
    apply(op: Op): Content;
    /** The content from one offset to another; a RangeError outside of it, an OpError "surrogate" inside a pair. */
    slice(from: number, to?: number): Content;
    /** The text of a content that is one run of plain text. */
    private plain;
}
/** The content after op. A content is a Content, or an op of inserts only; the answer is of the same form. Errors as Content.check. */
export declare function apply(content: Content, op: Op): Content;
export declare function apply(content: Op, op: Op): Op;
/** What undoes op on the content before it: apply(apply(d, op), invert(op, d)) = d. Errors as Content.check. */
export declare function invert(op: Op, before: Content | Op): Op;
