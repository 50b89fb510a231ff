import type { Limits } from "./pending.js";
import type { User } from "./presence.js";
import type { ClientMessage, SessionMessage } from "./protocol.js";
import type { Host } from "./socket.js";
/** What a connection tells of a document that is open over it. */
export interface Attached {
    /** There is a connection. */
    connected(): void;
    /** It is gone. */
    lost(): void;
    /** A message of the session. */
    receive(m: SessionMessage): void;
    /** A frame has been taken in. */
    settle(): void;
    /** How the user appears has changed. */
    userChanged(): void;
    /** The connection is over for good. problem: that is no wish of the user's. */
    shut(code: string, message: string, problem: boolean): void;
}
/** What is needed of a connection. */
export interface Link {
    readonly host: Host;
    readonly user: User;
    /** Those of the server; undefined while there is no connection. */
    readonly limits: Limits | undefined;
    /** Why there is no connection, and when the next attempt is made. */
    readonly reason: string | undefined;
    readonly nextTryAt: number | undefined;
    send(m: ClientMessage): void;
    /** A channel on which messages are told, until it is detached. */
    attach(to: Attached): number;
    detach(channel: number): void;
    /** In the middle of a frame, where the lineage may not be known, so that nothing may be frozen: true, and to settle at its end. */
    settlesLater(who: Attached): boolean;
    /** The connection is taken for dead. */
    giveUp(reason: string): void;
    /** Tries to connect at once, or asks for a sign of life. */
    retryNow(): void;
    /** It has closed. */
    remove(who: Attached): void;
    report(error: unknown, document?: string): void;
}
/** Nothing asked; open sent; pieces of a snapshot awaited; a session, with all that came before it. */
export type Phase = "idle" | "asked" | "loading" | "live";
/** How an open document is attached to its connection: the channel, what is awaited on it, and when to open again. */
export declare class Attachment {
    #private;
    /** reopen is called when it is time to. */
    constructor(link: Link, reopen: () => void);
    get phase(): Phase;
    get live(): boolean;
    /** 0: none. */
    get channel(): number;
    /** When the document is opened again, where that waits for a time. */
    get reopenAt(): number | undefined;
    /** Takes a new channel, on which an open is to be sent. */
    ask(who: Attached): number;
    /** The open was answered with a snapshot. */
    loading(): void;
    /** The document is there. */
    goLive(): void;
    /** Ends the session from here. */
    leave(): void;
    /** The session has ended. */
    end(): void;
    /** Unless stopWaiting is called within ms, the connection is taken for dead. */
    await(ms: number, otherwise: string): void;
    stopWaiting(): void;
    /** Opens again after a pause that grows, and not before retryAfter. */
    pause(retryAfter: number): void;
    /** Opens again after ms, never in the middle of a frame. A session that is live stays so until then. */
    openLater(ms: number): void;
    stopReopening(): void;
}
