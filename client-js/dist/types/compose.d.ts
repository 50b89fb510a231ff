import { type Op } from "./component.js";
/**
 * a and then b as one op. An insert of b that falls on text deleted by a stands after those deletes: transforming over a
 * composition is exact because of it (L7). OpError "surrogate" where b has a boundary inside a pair that a inserts.
 */
export declare function compose(a: Op, b: Op): Op;
/**
 * Cuts an op in two, to be submitted one after the other: compose(head, rest) = op. head has at most maxComponents
 * components (2 or more) and inserts at most maxUnits code units, where an embed counts 1 and the bytes of its value; yet
 * it always has something in it, at least one whole character or embed. rest is empty where op fits.
 */
export declare function split(op: Op, maxUnits: number, maxComponents?: number): [head: Op, rest: Op];
