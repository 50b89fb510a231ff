export declare const HUES = 12;
export declare const light: readonly string[];
export declare const dark: readonly string[];
/** The text on a ground of such a hue. */
export declare const label: {
    readonly light: "#ffffff";
    readonly dark: "#141518";
};
/** The hue that a colour string asks for; null for a string that is not ours. */
export declare function parseHue(color: string): number | null;
/** What is known of a person when hues are given out. */
export interface Coloured {
    readonly session: number;
    readonly color: string;
}
/** A hue for every session: each has the one it asks for, oldest first; one that is taken moves on to the next free one. */
export declare function assignHues(people: Iterable<Coloured>): Map<number, number>;
