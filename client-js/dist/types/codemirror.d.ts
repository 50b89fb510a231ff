import { type Extension } from "@codemirror/state";
import type { Doc } from "./index.js";
export { remoteChange } from "./codemirror-binding.js";
/** What `tandem` may be told. */
export interface TandemOptions {
    /** Draw the carets and selections of others. Default true. */
    readonly people?: boolean;
    /** One's own colour ("h0" to "h11"), so that nobody else is drawn in it. */
    readonly color?: () => string;
    /** Told of an edit that the document did not take in and that is taken back on the screen. Default: CodeMirror's logException. */
    readonly onRefused?: (error: unknown) => void;
    /** Include CodeMirror's history and its keys. Default true; false for an editor that has no undo at all. */
    readonly history?: boolean;
}
/** Shows `doc` in a CodeMirror editor and lets it be edited there. One document per editor; several editors may show one. */
export declare function tandem(doc: Doc, options?: TandemOptions): Extension;
