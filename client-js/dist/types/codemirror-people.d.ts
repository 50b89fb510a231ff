import { type Extension } from "@codemirror/state";
import { EditorView } from "@codemirror/view";
import { type Binding } from "./codemirror-binding.js";
/** The layers of the people that `binding` knows. */
export declare function peopleLayers(binding: (view: EditorView) => Binding | null): Extension;
export declare const peopleTheme: Extension;
