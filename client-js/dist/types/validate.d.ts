import { type Component, type DocumentKind, type Op } from "./component.js";
/** What one op may hold. Bytes are bytes of UTF-8. */
export interface Limits {
    readonly components: number;
    /** Attributes of a component. */
    readonly attributes: number;
    /** Bytes of an attribute's key. */
    readonly key: number;
    /** Bytes of an attribute's string. */
    readonly value: number;
    /** Bytes of inserted text and embeds' values, together. */
    readonly text: number;
    /** Bytes of an embed's type. */
    readonly embedType: number;
    /** Bytes of an embed's value. */
    readonly embed: number;
    /** Code units of one component. */
    readonly length: number;
}
/** The largest document, in UTF-16 code units. */
export declare const MaxDocument: number;
/** The limits of one submission. */
export declare const DefaultLimits: Limits;
/** The limits of what the server made from ops within DefaultLimits: a piece of content, or many commits composed. */
export declare const StoredLimits: Limits;
/** Throws an OpError for an op that is not in normal form, has a lone surrogate, or something beyond limits. */
export declare function validate(op: Op, limits?: Limits): void;
/** Holds a row of components against normal form and limits. */
export declare class Checker {
    private readonly limits;
    /** What a reader has seen wrong with the component that it adds next. It is told only when its turn comes, as in Go. */
    flaw: string;
    private n;
    private text;
    private last;
    constructor(limits: Limits);
    /** Refuses a component that must not follow those before it. */
    add(c: Component): void;
    /** Refuses what must not be the last component. */
    end(): void;
    private inserted;
    private attrs;
    private abnormal;
}
/** Refuses what is no attribute's value. */
export declare function checkValue(value: unknown): void;
/** Throws an OpError "kind" for an op of a user that speaks of an attribute which is the server's own: its key begins with NUL. */
export declare function checkKeys(op: Op): void;
/** Throws an OpError "kind" for an op that a document of this kind cannot hold. */
export declare function checkKind(op: Op, kind: DocumentKind): void;
