/** What can be wrong with an op; the same words as in Go and in the vectors. */
export type OpErrorCode =
  | "encoding" // not the strict bytes or shape
  | "normal form"
  | "utf8" // invalid UTF-8, of which a lone surrogate is a case
  | "limit" // beyond a field of Limits
  | "length" // reaches past the end of the document
  | "surrogate" // a boundary inside a surrogate pair
  | "kind" // attributes, embeds or CR in a text document

/** Thrown for an op, or bytes, that are refused. The message shows no document text. */
export class OpError extends Error {
  override readonly name = "OpError"

  constructor(
    readonly code: OpErrorCode,
    detail: string,
  ) {
    super(`${code}: ${detail}`)
  }
}
