// tandem-client: the client of Tandem, a collaborative editing server.

export * from "./op.js"
