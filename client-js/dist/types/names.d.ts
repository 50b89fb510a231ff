/** A name without what turns the direction of writing, does not show, or breaks the line; at most 40 characters. */
export declare function displayName(name: string): string;
/** One or two letters for an avatar: of the first and the last word. */
export declare function initials(name: string): string;
