// The algebra, under one name: ops, what can be done with them, and their forms on the wire. It is the same as in Go
// (package ot), held together by vectors and by random ops that both compute. Its laws are numbered in ot/doc.go.

export {
  type Attrs,
  baseLength,
  type Component,
  type Delete,
  type DocumentKind,
  equal,
  type Insert,
  type InsertEmbed,
  type InsertText,
  isInsert,
  lengthOf,
  type Op,
  type Retain,
  type Side,
  targetLength,
  type Value,
} from "./component.js"
export { OpError, type OpErrorCode } from "./errors.js"
export { OpBuilder } from "./builder.js"
export { compose, split } from "./compose.js"
export { type Range, transform, transformOffset, transformRange } from "./transform.js"
export { apply, Content, EMBED_CHARACTER, invert } from "./content.js"
export { diff } from "./diff.js"
export { contentHash } from "./hash.js"
export { checkKeys, checkKind, DefaultLimits, type Limits, MaxDocument, StoredLimits, validate } from "./validate.js"
export { fromWire, toWire } from "./shape.js"
export { decodeOp, encodeOp } from "./codec.js"
