import { type ChangeSet, type ChangeSpec, Text } from "@codemirror/state";
import { type Op } from "./index.js";
/** An operation made from an editor's change, and what the editor must change in its own text to agree with it. */
export interface Edit {
    readonly op: Op;
    /** Replaces what no text may hold (half of a surrogate pair) in the text after the change; empty nearly always. */
    readonly repair: Op;
}
/**
 * The operation that a change of `before` amounts to. A change that begins or ends inside a surrogate pair is widened to
 * the whole character: an editor that compares texts turns 😀 into 😁 by replacing half of it.
 */
export declare function editOf(changes: ChangeSet, before: Text): Edit;
/** The changes that carry an operation out in the editor. An embed, which only rich text has, is shown as EMBED_CHARACTER. */
export declare function changesOf(op: Op): ChangeSpec[];
/** The operation that replaces one whole text by another. */
export declare function replacement(from: string, to: string): Op;
