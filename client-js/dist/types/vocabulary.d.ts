/** A point in the history of one document. Id, epoch and lineage are hex digits, and only ever compared. */
export interface Place {
    readonly id: string;
    readonly epoch: string;
    readonly rev: number;
    readonly lineage: string;
}
/** The lineage of revision 0; also what stands for one that was not told. */
export declare const NO_LINEAGE = "0000000000000000";
/** What became of an outstanding submission. What is refused is not decided: it stays outstanding. */
export type Outcome = "none" | "committed" | "void" | "unknown" | "refused";
/** What can be wrong, with what a server sends or with what a caller asks. */
export type ClientErrorCode = "gap" | "protocol" | "diverged" | "foreign" | "not-ready" | "edit" | "read-only" | "closed" | "no-websocket" | "bad-url" | "refused";
/** What a caller gets thrown. After gap, protocol and diverged the client keeps what is pending, and opens again by itself. */
export declare class ClientError extends Error {
    readonly code: ClientErrorCode;
    readonly name = "ClientError";
    constructor(code: ClientErrorCode, message: string, options?: ErrorOptions);
}
