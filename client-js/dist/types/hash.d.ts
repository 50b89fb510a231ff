import { type Op } from "./component.js";
/** The hash of a content, an op of inserts only, below 2^53. The empty content has 0. */
export declare function contentHash(content: Op): number;
