import { type Op } from "./index.js";
export declare class Lag {
    #private;
    /** What the screen has still to show. */
    get behind(): Op;
    get caughtUp(): boolean;
    /** The document changed by `op` otherwise than by an edit on this screen. */
    arrived(op: Op): void;
    /** The screen changed by `op`, on its own text; the result is the same edit on the document's text. */
    edited(op: Op): Op;
    /** The screen's text differs from what was submitted, and `op` would mend it. */
    mend(op: Op): void;
    /** The screen shows everything now. */
    shown(): void;
    /** The screen and the document are as far apart as `op`, whatever was held before. */
    restart(op: Op): void;
    /** Where an offset of the screen's text is in the document's. */
    toDocument(offset: number): number;
}
