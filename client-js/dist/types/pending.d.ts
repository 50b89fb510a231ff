import { Content, type DocumentKind, type Op } from "./op.js";
import { type Outcome, type Place } from "./vocabulary.js";
/** A submission is frozen: once it was sent, neither its name (client, seq) nor its base and bytes change. */
export interface Submission {
    /** Under which it was frozen, 32 hex digits. */
    readonly client: string;
    readonly seq: number;
    readonly base: Place;
    readonly op: Op;
    readonly bytes: Uint8Array;
    /** In op's target; null: not known. */
    readonly caret: number | null;
}
/** The server's answer to an open. */
export interface Opened {
    readonly place: Place;
    readonly outcome: Outcome;
    readonly lastSeq: number;
    readonly resume: boolean;
}
/** What an opening made of the user's content. */
export interface Change {
    /** Brings the content that the user saw to what it is now. */
    readonly op: Op;
    /** Content that was outstanding, and of which nobody knows whether it was committed: it is not submitted again, but offered. */
    readonly lost?: Content;
    /** What the user saw, where acknowledged text was taken away: an older state of the server was restored. */
    readonly before?: Content;
}
/** Bound what is frozen into one submission; more is sent as several, one after the other. */
export interface Limits {
    /** Bytes of UTF-8. */
    readonly text: number;
    readonly components: number;
    /** Bytes of the encoded op. */
    readonly message: number;
}
/** Those of a server that was not told otherwise. */
export declare const DefaultSubmission: Limits;
/**
 * PURE: no socket, no timer, no callback. It holds
 *
 *	base         the content at the place held, as the server has it
 *	outstanding  a submission that was sent, or named in an open, and is not decided: its bytes are frozen
 *	buffer       what was edited since
 *
 * and what its user sees is base∘outstanding∘buffer. Every method that changes what the user sees from outside returns the
 * op that does it. A method that throws has changed nothing, except that the pieces of a snapshot are forgotten.
 */
export declare class Pending {
    #private;
    /** 32 hex digits. */
    readonly client: string;
    readonly kind: DocumentKind;
    constructor(client: string, kind: DocumentKind);
    /** What the user sees. */
    get content(): Content;
    /** Whether there is content. */
    get ready(): boolean;
    /** The place of the content that the server is known to have; undefined before there is any. */
    get held(): Place | undefined;
    /** Nothing is pending. */
    get saved(): boolean;
    /** How many edits are not acknowledged. */
    get edits(): number;
    /** The submission that is not decided. */
    get outstanding(): Submission | undefined;
    /** The outstanding submission's op as it stands on the content held; [] where there is none. */
    get moved(): Op;
    /** Where an offset of another user, in the content held, is in what this user sees. */
    shown(offset: number): number;
    /** Takes in an edit of the user, made on content; caret is in its target. */
    edit(op: Op, caret: number | null): void;
    /**
     * Makes the buffer, or as much of it as the limits allow, the outstanding submission, and returns it to be sent; undefined
     * where there is nothing to send, or something is outstanding. It must not be called between an open and the end of what
     * answers it, nor in the middle of a frame, where the lineage is not known.
     */
    freeze(limits?: Limits): Submission | undefined;
    /** Takes in count commits of others, composed, and returns the op that brings them to the user's content. */
    commits(first: number, count: number, op: Op, lineage: string | null): Op;
    /** Takes in the acknowledgement of the outstanding submission. One that belongs to nothing here is an error, never ignored. */
    ack(seq: number, place: Place): void;
    /** Compares the content at the place held with the server's hash. A check of another revision says nothing. */
    check(rev: number, hash: number): void;
    /** Forgets the place held, so that the next open brings a snapshot: after "diverged". What is pending stays. */
    distrust(): void;
    /**
     * Takes in the answer to an open. Where it resumes, commits and the ack follow; otherwise the pieces of a snapshot.
     * ClientError "foreign": there is another document under the name now; what the user sees is theirs to keep.
     */
    opened(o: Opened): void;
    /**
     * Takes in a piece of the content; undefined while there are more. With the last one the outcome and the content are taken
     * in one step; until then nothing has changed, and a new open starts over.
     */
    snapshot(piece: Op, more: boolean): Change | undefined;
}
