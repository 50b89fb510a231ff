// The words that messages, the pending state and the public client share: they belong to no layer.

/** A point in the history of one document. Id, epoch and lineage are hex digits, and only ever compared. */
export interface Place {
  readonly id: string
  readonly epoch: string
  readonly rev: number
  readonly lineage: string
}

/** The lineage of revision 0; also what stands for one that was not told. */
export const NO_LINEAGE = "0000000000000000"

/** What became of an outstanding submission. What is refused is not decided: it stays outstanding. */
export type Outcome = "none" | "committed" | "void" | "unknown" | "refused"

/** What can be wrong, with what a server sends or with what a caller asks. */
export type ClientErrorCode =
  | "gap" // what came does not follow what is held
  | "protocol" // no correct server sends that
  | "diverged" // the content differs from the server's, at one revision
  | "foreign" // there is another document under the name
  | "not-ready" // there is no content yet
  | "edit" // an edit that does not apply to the content; cause says why
  | "read-only" // the document may only be read
  | "closed" // the document, or the connection, was closed
  | "no-websocket" // there is no WebSocket class here, and none was given
  | "bad-url" // not the address of a server
  | "refused" // the server does not let the document be opened

/** What a caller gets thrown. After gap, protocol and diverged the client keeps what is pending, and opens again by itself. */
export class ClientError extends Error {
  override readonly name = "ClientError"

  constructor(
    readonly code: ClientErrorCode,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options)
  }
}
