import { type Content, type Op } from "./op.js";
/** Typing that goes on within this time is one step, in milliseconds. */
export declare const GROUP_WITHIN = 500;
/** So many steps are kept. */
export declare const MOST_STEPS = 500;
/**
 * The steps that a user can undo and redo: their own edits only. PURE: time is given.
 *
 * Each step is the inverse of an edit, moved over what others did since (side left: it will reach the server later). Only the
 * topmost step is moved at once; what is below waits, composed, so that a commit costs the same however many steps there are.
 */
export declare class Undo {
    #private;
    /** Notes an edit of the user, made on before. */
    edited(op: Op, before: Content, now: number): void;
    /** Notes what others did to the content that the user sees. */
    arrived(op: Op): void;
    /** What undoes the last step that there is still something to undo of; undefined: none. The caller makes it an edit of content. */
    undo(content: Content): Op | undefined;
    /** What does the last undone step again. */
    redo(content: Content): Op | undefined;
}
