import { type Op } from "./component.js";
import { Reader, type Writer } from "./pack.js";
import { type Limits as OpLimits } from "./validate.js";
import type { Outcome, Place } from "./vocabulary.js";
export declare const VERSION = 1;
/** The name of the protocol in the WebSocket handshake. */
export declare const SUBPROTOCOL = "tandem.v1";
/** Bytes of UTF-8. */
export declare const MaxName = 128;
export declare const MaxUserName = 64;
export declare const MaxColor = 32;
/** What a user may do with a document. */
export type Access = "write" | "read";
/** Who sends. */
export type Party = "client" | "server";
export type ProtocolErrorCode = "bad-message" | "bad-op" | "too-large" | "unsupported-version";
/** Thrown for a frame that is refused. */
export declare class ProtocolError extends Error {
    readonly code: ProtocolErrorCode;
    readonly name = "ProtocolError";
    constructor(code: ProtocolErrorCode, detail: string);
}
interface Field<T> {
    read(r: Reader, limits: OpLimits): T;
    write(w: Writer, value: T): void;
}
type Values<F> = {
    readonly [K in keyof F]: F[K] extends Field<infer T> ? T : never;
};
/** The messages of a client, field by field in their order. */
declare const clientMessages: {
    hello: {
        code: number;
        fields: {
            version: Field<number>;
            token: Field<string | null>;
            software: Field<string>;
        };
    };
    open: {
        code: number;
        fields: {
            channel: Field<number>;
            document: Field<string>;
            documentKind: Field<"text" | "rich">;
            client: Field<string>;
            held: Field<Place | null>;
            outstanding: Field<Values<{
                client: Field<string>;
                seq: Field<number>;
                base: Field<Place>;
                op: Field<Op | Uint8Array<ArrayBufferLike>>;
            }> | null>;
            user: Field<Values<{
                name: Field<string>;
                color: Field<string>;
            }> | null>;
        };
    };
    submit: {
        code: number;
        fields: {
            channel: Field<number>;
            seq: Field<number>;
            base: Field<number>;
            op: Field<Op | Uint8Array<ArrayBufferLike>>;
            caret: Field<number | null>;
        };
    };
    presence: {
        code: number;
        fields: {
            channel: Field<number>;
            rev: Field<number>;
            anchor: Field<number | null>;
            head: Field<number | null>;
            user: Field<Values<{
                name: Field<string>;
                color: Field<string>;
            }> | null>;
        };
    };
    refresh: {
        code: number;
        fields: {
            token: Field<string>;
        };
    };
    close: {
        code: number;
        fields: {
            channel: Field<number>;
        };
    };
    ping: {
        code: number;
        fields: {
            n: Field<number>;
        };
    };
    pong: {
        code: number;
        fields: {
            n: Field<number>;
        };
    };
};
/** The messages of a server. */
declare const serverMessages: {
    ping: {
        code: number;
        fields: {
            n: Field<number>;
        };
    };
    pong: {
        code: number;
        fields: {
            n: Field<number>;
        };
    };
    welcome: {
        code: number;
        fields: {
            version: Field<number>;
            software: Field<string>;
            maxOpText: Field<number>;
            maxMessage: Field<number>;
            maxDocument: Field<number>;
            pingInterval: Field<number>;
        };
    };
    opened: {
        code: number;
        fields: {
            channel: Field<number>;
            place: Field<Place>;
            access: Field<Access>;
            session: Field<number>;
            outcome: Field<Outcome>;
            outcomeRev: Field<number | null>;
            lastSeq: Field<number>;
            resume: Field<boolean>;
            refusal: Field<number | null>;
        };
    };
    snapshot: {
        code: number;
        fields: {
            channel: Field<number>;
            op: Field<Op>;
            more: Field<boolean>;
        };
    };
    commits: {
        code: number;
        fields: {
            channel: Field<number>;
            first: Field<number>;
            count: Field<number>;
            op: Field<Op>;
            session: Field<number | null>;
            caret: Field<number | null>;
            lineage: Field<string | null>;
        };
    };
    ack: {
        code: number;
        fields: {
            channel: Field<number>;
            seq: Field<number>;
            place: Field<Place>;
        };
    };
    presence: {
        code: number;
        fields: {
            channel: Field<number>;
            rev: Field<number>;
            peers: Field<readonly Values<{
                session: Field<number>;
                anchor: Field<number | null>;
                head: Field<number | null>;
                name: Field<string>;
                color: Field<string>;
            }>[]>;
            left: Field<readonly number[]>;
        };
    };
    access: {
        code: number;
        fields: {
            channel: Field<number>;
            access: Field<Access>;
        };
    };
    check: {
        code: number;
        fields: {
            channel: Field<number>;
            rev: Field<number>;
            hash: Field<number>;
        };
    };
    error: {
        code: number;
        fields: {
            channel: Field<number | null>;
            code: Field<number>;
            seq: Field<number | null>;
            lastSeq: Field<number | null>;
            retryAfter: Field<number | null>;
            text: Field<string>;
        };
    };
    goaway: {
        code: number;
        fields: {
            spread: Field<number>;
        };
    };
};
type MessageOf<T> = {
    [K in keyof T]: {
        readonly kind: K;
    } & (T[K] extends {
        fields: infer F;
    } ? Values<F> : never);
}[keyof T];
export type ClientMessage = MessageOf<typeof clientMessages>;
export type ServerMessage = MessageOf<typeof serverMessages>;
type Of<M, K> = Extract<M, {
    kind: K;
}>;
export type Welcome = Of<ServerMessage, "welcome">;
export type OpenedMessage = Of<ServerMessage, "opened">;
export type SnapshotMessage = Of<ServerMessage, "snapshot">;
export type CommitsMessage = Of<ServerMessage, "commits">;
export type AckMessage = Of<ServerMessage, "ack">;
export type PresenceMessage = Of<ServerMessage, "presence">;
export type ErrorMessage = Of<ServerMessage, "error">;
/** A message that belongs to a session. */
export type SessionMessage = Extract<ServerMessage, {
    channel: number;
}> | (ErrorMessage & {
    readonly channel: number;
});
/** The bytes of a client's message. What is beyond a limit is the caller's mistake, and its reader's to refuse. */
export declare function encodeClient(m: ClientMessage): Uint8Array;
/** The bytes of a server's message: for tests. */
export declare function encodeServer(m: ServerMessage): Uint8Array;
/** Hands the messages of a server's frame to each, in order. A ProtocolError says what is wrong; those before it were handed over. */
export declare function decodeServer(frame: Uint8Array, each: (m: ServerMessage) => void): void;
/** decodeServer for the frames of a client: for tests. */
export declare function decodeClient(frame: Uint8Array, each: (m: ClientMessage) => void): void;
export declare function toHex(bytes: Uint8Array): string;
/** What a client does about an error code. */
export interface ErrorKind {
    readonly word: string;
    /** In a person's words. */
    readonly meaning: string;
    /** Opening, or connecting, again may help. */
    readonly again: boolean;
    /** It ends the session even where it names a submission. */
    readonly ends: boolean;
}
/** The error codes, as PROTOCOL.md has them. */
export declare const errorKinds: ReadonlyMap<number, ErrorKind>;
/** The meaning of an error code; one that is not known is taken for internal. */
export declare function errorKind(code: number): ErrorKind;
interface CloseKind {
    readonly word: string;
    readonly meaning: string;
}
/** The WebSocket close codes that a server sends. */
export declare const closeKinds: ReadonlyMap<number, CloseKind>;
/** Whether to connect again after a connection was closed with code. Unknown codes come from the network between: yes. */
export declare function comesBack(code: number): boolean;
export {};
