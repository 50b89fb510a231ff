/** What can be wrong with an op; the same words as in Go and in the vectors. */
export type OpErrorCode = "encoding" | "normal form" | "utf8" | "limit" | "length" | "surrogate" | "kind";
/** Thrown for an op, or bytes, that are refused. The message shows no document text. */
export declare class OpError extends Error {
    readonly code: OpErrorCode;
    readonly name = "OpError";
    constructor(code: OpErrorCode, detail: string);
}
