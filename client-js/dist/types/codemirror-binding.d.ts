import { type EditorView, type PluginValue, type ViewUpdate } from "@codemirror/view";
import { type Doc, type Op } from "./index.js";
/** Marks a transaction that shows what happened to the document elsewhere. */
export declare const remoteChange: import("@codemirror/state").AnnotationType<Op>;
/** Makes the editor read-only, or editable again. */
export declare const setLocked: import("@codemirror/state").StateEffectType<boolean>;
/** Asks the layers to draw people anew. */
export declare const peopleMoved: import("@codemirror/state").StateEffectType<null>;
/** How long after a move a person's name stays at the caret, in milliseconds. */
export declare const NAME_SHOWN = 1500;
/** What a Binding needs of TandemOptions. */
export interface BindingOptions {
    readonly color?: () => string;
    readonly onRefused?: (error: unknown) => void;
}
/** A person as drawn; offsets are in the editor's text. */
export interface Person {
    readonly session: number;
    readonly name: string;
    readonly hue: number;
    readonly anchor: number;
    readonly head: number;
    readonly movedAt: number;
}
export declare class Binding implements PluginValue {
    #private;
    constructor(view: EditorView, doc: Doc, options: BindingOptions);
    /** The people to draw, in no order. */
    get people(): readonly Person[];
    /** Whether a person's name stands at the caret now. */
    named(person: Person, now?: number): boolean;
    update(update: ViewUpdate): void;
    destroy(): void;
    /** The pointer is here: names the person whose caret is near. */
    pointAt(event: MouseEvent | null): void;
}
