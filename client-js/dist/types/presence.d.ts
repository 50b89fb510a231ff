import { type Op, type Range } from "./op.js";
import type { PresenceMessage } from "./protocol.js";
/** How a person is shown to others. */
export interface User {
    /** At most 64 bytes of UTF-8; more is cut off. */
    readonly name: string;
    /** At most 32 bytes. */
    readonly color: string;
}
/** Another session of the document. Offsets are in the text as this client shows it now. */
export interface Peer {
    readonly session: number;
    /** The end of the selection that stays; null: no caret is shown. */
    readonly anchor: number | null;
    /** The end that moves: the caret. */
    readonly head: number | null;
    readonly name: string;
    readonly color: string;
    /** When the caret last moved otherwise than by others' edits, in milliseconds since 1970. */
    readonly movedAt: number;
}
/** Presence is sent at most once in this time, in milliseconds. */
export declare const PRESENCE_EVERY = 100;
/** What the carets rest on. */
export interface Ground {
    /** The revision that is held. */
    readonly rev: number;
    /** The length of the content shown. */
    readonly length: number;
    /** Where an offset in the content held is in the content shown. */
    shown(offset: number): number;
}
/**
 * Everybody's carets, as pure values: one's own, and those of others, which move with every change of the text.
 *
 * Others' carets stay left of what is inserted at their place; one's own goes right of one's own insert.
 */
export declare class Carets {
    #private;
    /** This session's number towards others; undefined while there is none. */
    session: number | undefined;
    own: Range | null;
    get others(): ReadonlyMap<number, Peer>;
    /** A session has begun: others are told of anew. */
    opened(session: number): void;
    /** The session is over: nobody is known to be there. */
    ended(): void;
    /** The user has moved. False: they were there. */
    set(caret: Range | null): boolean;
    userChanged(): void;
    /** An open that names the user is sent. */
    asked(): void;
    /** The user has edited; the caret after it travels with the submission, where it is known. */
    edited(op: Op, caret: number | null): void;
    /** Others have changed what is shown. */
    arrived(op: Op): void;
    /** A revision was reached by op, which is on the content held. True: somebody's caret is known by it. */
    reached(rev: number, op: Op, ground: Ground, now: number): boolean;
    /** The author of a commit has the caret at offset, of the content shown, after it. */
    authored(session: number, offset: number, now: number): void;
    /** Takes in what the server tells of others. */
    received(m: PresenceMessage, ground: Ground, now: number): void;
    /** Whether the server is to be told something. */
    get news(): boolean;
    /** Whether the server is to be told of the user as well. */
    get userIsNews(): boolean;
    /** The server was told. */
    told(): void;
}
/** The text cut to at most so many bytes of UTF-8, without half characters. */
export declare function clip(text: string, bytes: number): string;
