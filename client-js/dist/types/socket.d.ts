import { type ClientMessage, type ServerMessage, type Welcome } from "./protocol.js";
/** From the first attempt to the server's welcome; longer is a failure. All times are milliseconds. */
export declare const WELCOME_WITHIN = 15000;
/** After this much silence a ping is sent. */
export declare const SILENCE = 25000;
/** How long the pong may take: together 40 s. */
export declare const PONG_WITHIN = 15000;
/** The same where there is reason to suspect the connection: the network is back, the page is looked at again. */
export declare const PROBE_WITHIN = 5000;
export type Timer = ReturnType<typeof setTimeout>;
/** What the world gives: time, chance, and the moments at which trying again is worth while. */
export interface Host {
    /** Milliseconds since 1970. */
    now(): number;
    /** From 0 to below 1. */
    random(): number;
    setTimeout(fn: () => void, ms: number): Timer;
    clearTimeout(timer: Timer | undefined): void;
    /** Calls fn when the network comes back or the page is looked at again; what it returns ends that. */
    onWake(fn: () => void): () => void;
    /** Whether the device knows that it has no network. */
    offline(): boolean;
}
/** The host of a page, or of a program. */
export declare const thisHost: Host;
/** What of a WebSocket is used: a browser's own, or the class of the package "ws". */
export interface WebSocketLike {
    /** 1: what is sent goes out. */
    readonly readyState: number;
    binaryType: string;
    onopen: unknown;
    onmessage: unknown;
    onclose: unknown;
    onerror: unknown;
    send(data: Uint8Array): void;
    close(code?: number, reason?: string): void;
}
export type WebSocketClass = new (url: string, protocols?: string | string[]) => WebSocketLike;
/** The class that was given, or the platform's own. */
export declare function webSocketClass(given: WebSocketClass | undefined): WebSocketClass;
/** How a connection ended. */
export interface SocketEnd {
    /** The word of an error or close code; "lost" where there was none. */
    readonly code: string;
    /** For people. */
    readonly reason: string;
    readonly comeBack: boolean;
    /** The server asked to wait at least so long. */
    readonly retryAfter: number;
    /** It was given up because a submission was not acknowledged: no sign that the server is well. */
    readonly unwell?: boolean;
}
/** What a Socket tells. After end it tells nothing. */
export interface SocketEvents {
    welcome(welcome: Welcome): void;
    /** Everything else that is not the connection's own business, in order. */
    message(m: ServerMessage): void;
    /** The messages of a frame have all been told. */
    frame(): void;
    /** The connection is to be left within spread. */
    goaway(spread: number): void;
    /** A frame that is refused. */
    fault(error: unknown): void;
    end(end: SocketEnd): void;
}
/** One WebSocket, from the attempt to its end: hello and welcome, silence and pings. */
export declare class Socket {
    #private;
    constructor(url: string, WebSocket: WebSocketClass, hello: {
        token: string | null;
        software: string;
    }, host: Host, events: SocketEvents);
    get welcomed(): boolean;
    /** On a socket that is closing nothing is sent, which a browser would complain of: its close event is about to come. */
    send(m: ClientMessage): void;
    /** Asks for a sign of life, soon, where there was none of late. */
    probe(): void;
    /** Ends a connection that is not worth more waiting. Half-open ones do not even close: nobody waits for that. */
    giveUp(reason: string, unwell?: boolean): void;
    /** Ends the connection without telling of it. */
    close(): void;
}
