export * from "./op.js";
export { connect, Connection, type ConnectionEvents, type ConnectOptions, type OpenOptions, type Report } from "./connection.js";
export { type ChangeInfo, Doc, type DocEvents, Presence, type Problem, type Status } from "./doc.js";
export { ClientError, type ClientErrorCode } from "./vocabulary.js";
export type { Peer, User } from "./presence.js";
export type { Access } from "./protocol.js";
export type { WebSocketClass, WebSocketLike } from "./socket.js";
