import type { Client } from "./client.js";
import { type Attrs, type DocumentKind, type Op } from "./op.js";
import type { Peer } from "./presence.js";
import type { Access } from "./protocol.js";
/** How a Doc, or a Connection, is: before it was there, there, away for now, away for good. */
export type Status = "connecting" | "live" | "offline" | "closed";
/** What keeps edits from being saved, or took text away. "restored" and "unknown": the document lives on. */
export interface Problem {
    /** The word of an error code of the protocol, or "foreign", "unknown", "restored", "lost". */
    readonly code: string;
    /** For people. */
    readonly message: string;
    /** The text to be offered; "" where nothing was lost. */
    readonly text: string;
}
/** What goes with a change. */
export interface ChangeInfo {
    /** It was made through this Doc. */
    readonly local: boolean;
    /** The author's session, where it is one commit of somebody else. */
    readonly session?: number;
    /** The author's caret after it, in the text shown. */
    readonly caret?: number;
}
export interface DocEvents {
    /** The text changed by op. A reload from the server arrives as a change, too. */
    readonly change: readonly [op: Op, info: ChangeInfo];
    /** The status, its reason, or the time of the next attempt have changed. */
    readonly status: readonly [status: Status];
    readonly saved: readonly [saved: boolean];
    readonly presence: readonly [];
    /** undefined: it is over. */
    readonly problem: readonly [problem: Problem | undefined];
    readonly access: readonly [access: Access];
}
/** A document that is open here: text that others write as well. Offsets are UTF-16 code units, as JavaScript's own. */
export declare class Doc {
    #private;
    /** Who else is here, and where this user is. */
    readonly presence: Presence;
    /** Connection.open makes it. */
    constructor(client: Client);
    get name(): string;
    get kind(): DocumentKind;
    /** Done when the content is there; a ClientError when the document cannot be opened. */
    get ready(): Promise<void>;
    /** The text as this user sees it, with U+FFFC for every embed. */
    get text(): string;
    /** The content as this user sees it, as an op of inserts only. */
    get content(): Op;
    /** The last revision known; 0 before there is content. */
    get revision(): number;
    get status(): Status;
    /** Why it is not live, for people. */
    get statusReason(): string | undefined;
    /** When the next attempt is made, in milliseconds since 1970; undefined while there is none to wait for. */
    get nextTryAt(): number | undefined;
    /** Every edit is acknowledged: it is on the server's disk. */
    get saved(): boolean;
    /** How many edits are not acknowledged. */
    get pendingEdits(): number;
    get access(): Access;
    /** What keeps edits from being saved; where nothing does, the offer. */
    get problem(): Problem | undefined;
    /**
     * Text that this user saw and that the document may no longer hold, while the document lives on: "restored", an older state
     * took acknowledged text away; "unknown", nobody knows whether the last edits arrived. It says nothing of the edits made
     * since, and stays until dismiss, or until there is another. Event: problem.
     */
    get offer(): Problem | undefined;
    /** Puts the offer away: the user has the text, or does not want it. */
    dismiss(): void;
    /** Does not wait for the next attempt. */
    retryNow(): void;
    /** Inserts text, with attributes in a rich document. Errors as submit. */
    insert(offset: number, text: string, attrs?: Attrs): void;
    /** Deletes n code units. Errors as submit. */
    delete(offset: number, n: number): void;
    /**
     * Edits the document: shown at once, sent as soon as possible, kept while there is no connection. caret is where this user's
     * caret is after it. A ClientError "not-ready", "closed" or "read-only"; "edit" where op does not fit, with the OpError as cause.
     */
    submit(op: Op, caret?: number): void;
    /** Undoes this user's last step, and nobody else's. False: there is none. */
    undo(): boolean;
    redo(): boolean;
    /** Calls fn at every such event from now on; what it returns ends that. */
    on<K extends keyof DocEvents>(event: K, fn: (...args: DocEvents[K]) => void): () => void;
    /** Ends it here. What is pending is waited for, if it can be saved soon: saved tells. */
    close(): Promise<void>;
}
/** Who is in a document, and where. */
export declare class Presence {
    #private;
    /** Doc makes it. */
    constructor(client: Client);
    /** The number by which others know this session; undefined while not live. */
    get session(): number | undefined;
    /** Everybody else, by session. */
    get others(): ReadonlyMap<number, Peer>;
    /** Shows this user's selection to others; null: none. After typing the caret is told by submit. Ignored before there is text. */
    set(selection: {
        readonly anchor: number;
        readonly head: number;
    } | null): void;
}
