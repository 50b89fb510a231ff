import { type Op } from "./component.js";
import { Content } from "./content.js";
/** The op of few edits that makes content b of content a: apply(a, diff(a, b)) = b. */
export declare function diff(a: Content | Op, b: Content | Op): Op;
