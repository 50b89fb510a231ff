import { type Attached, type Link } from "./attachment.js";
import type { DocEvents, Problem, Status } from "./doc.js";
import { Emitter } from "./emitter.js";
import { type DocumentKind, type Op, type Range } from "./op.js";
import { Pending } from "./pending.js";
import { Carets } from "./presence.js";
import { type Access, type SessionMessage } from "./protocol.js";
import type { Host } from "./socket.js";
/** A submission that is not acknowledged within this time: the connection is taken for dead. Milliseconds, as all times here. */
export declare const ACK_WITHIN = 10000;
/** An answer to an open, or the next piece of a snapshot, that does not come within this time: the same. */
export declare const OPENED_WITHIN = 30000;
/** How long a refused submission rests where the server named no time. */
export declare const REFUSED_FOR = 30000;
/** One open copy of a document, which outlives connections: carries out what Pending says, over a Link. Doc is its public face. */
export declare class Client implements Attached {
    #private;
    readonly name: string;
    readonly ready: Promise<void>;
    readonly events: Emitter<DocEvents>;
    readonly pending: Pending;
    readonly carets: Carets;
    constructor(link: Link, id: string, name: string, kind: DocumentKind);
    get status(): Status;
    get statusReason(): string | undefined;
    get nextTryAt(): number | undefined;
    get access(): Access;
    get host(): Host;
    get problem(): Problem | undefined;
    get offer(): Problem | undefined;
    dismiss(): void;
    /** Takes in an edit, tells of it, and sends it if nothing is outstanding. */
    edit(op: Op, caret: number | null): void;
    undo(): boolean;
    redo(): boolean;
    /** Shows the user's caret to others; ignored while there is no text. */
    setCaret(caret: Range | null): void;
    userChanged(): void;
    retryNow(): void;
    /** Takes no more edits. Whether what is pending can be saved soon. */
    finish(): boolean;
    /** There is a connection. */
    connected(): void;
    /** It is gone. */
    lost(): void;
    /** Opens the document, naming what is outstanding. Whatever is pending is frozen first, so that its fate is decided by name. */
    open(): void;
    /** Takes in a message of the session. */
    receive(m: SessionMessage): void;
    /** Ends it for good. problem: the user is told, and offered their text. */
    shut(code: string, message: string, problem?: boolean): void;
    /** Sends what is due and tells what has changed, once a frame has been taken in or the user has done something. */
    settle(): void;
}
