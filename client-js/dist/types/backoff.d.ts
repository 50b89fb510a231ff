/** The pause after a first failure is shorter than this, in milliseconds; each further failure doubles it. */
export declare const FIRST_PAUSE = 500;
/** No pause is longer than this, in milliseconds. */
export declare const LONGEST_PAUSE = 30000;
/** What has stood this long was good: the next failure counts as the first. In milliseconds. */
export declare const GOOD_AFTER = 5000;
/**
 * How long to wait before the next attempt: exponential, with full jitter, so that the clients of a server that was gone do
 * not come back all at once. PURE: time, in milliseconds, and chance, from 0 to below 1, are given.
 */
export declare class Backoff {
    #private;
    /** An attempt succeeded. */
    succeeded(now: number): void;
    /** An attempt failed, or what had succeeded is over: the pause before the next. */
    failed(now: number, random: number): number;
}
