import { Doc, type Status } from "./doc.js";
import { type DocumentKind } from "./op.js";
import { type User } from "./presence.js";
import { type Host, type WebSocketClass } from "./socket.js";
/** What went wrong without being anybody's fault that a user could mend. */
export interface Report {
    readonly message: string;
    readonly document?: string;
    readonly error: unknown;
}
export interface ConnectOptions {
    /** Who this is, as the server wants to know it. A function is asked for every connection. */
    readonly token?: string | (() => string | Promise<string>);
    /** How others see this user, and under whose name edits are kept. Default: no name. */
    readonly user?: User;
    /** Needed where there is no global one: the class of the package "ws", say. */
    readonly WebSocket?: WebSocketClass;
    /** Told of faults: content that differed and was loaded anew, a listener that threw. Default: console.warn. */
    readonly onReport?: (report: Report) => void;
}
export interface OpenOptions {
    /** Default "text". A document keeps the kind it was created with. */
    readonly kind?: DocumentKind;
}
export interface ConnectionEvents {
    /** The status, its reason, or the time of the next attempt have changed. */
    readonly status: readonly [status: Status];
}
/**
 * Connects to a server: "wss://host/ws", also with http and https, or a path on this page's own server. Default: /ws there.
 * A ClientError "bad-url" or "no-websocket".
 */
export declare function connect(url?: string, options?: ConnectOptions): Connection;
/** A connection to a server, which comes back by itself, and the documents opened over it. */
export declare class Connection {
    #private;
    /** Use connect. host is for tests. */
    constructor(url: string | undefined, options?: ConnectOptions, host?: Host);
    get user(): User;
    get status(): Status;
    /** Why it is not live, for people. */
    get statusReason(): string | undefined;
    /** When the next attempt is made, in milliseconds since 1970. */
    get nextTryAt(): number | undefined;
    /** Opens a document, which is created if there is none of the name. */
    open(name: string, options?: OpenOptions): Doc;
    /** Changes how others see this user. */
    setUser(user: User): void;
    /** Does not wait for the next attempt. */
    retryNow(): void;
    on<K extends keyof ConnectionEvents>(event: K, fn: (...args: ConnectionEvents[K]) => void): () => void;
    /** Ends it, and its documents, at once. Await close of a document first where its edits are to be saved. */
    close(): void;
}
