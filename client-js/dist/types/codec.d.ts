import type { Attrs, Op } from "./component.js";
import { Reader, type Writer } from "./pack.js";
import { type Limits } from "./validate.js";
/** The one encoding of an op, which must be valid. */
export declare function encodeOp(op: Op): Uint8Array;
/** Reads an op that is all of bytes: an OpError says what is wrong. */
export declare function decodeOp(bytes: Uint8Array, limits?: Limits): Op;
/** Writes an op as encodeOp does. */
export declare function writeOp(w: Writer, op: Op): void;
/** Writes key, value, key, value …; hash.ts hashes attributes in this form. */
export declare function writePairs(w: Writer, attrs: Attrs, keys: readonly string[]): void;
/** Reads an op as decodeOp does. */
export declare function readOp(r: Reader, limits: Limits): Op;
