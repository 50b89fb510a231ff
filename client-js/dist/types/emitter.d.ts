/** The events of something: their names, and what each brings. */
export type EventMap<E> = {
    readonly [K in keyof E]: readonly unknown[];
};
/**
 * Tells listeners of events, at once, and each in the order in which things happened: where a listener causes another event,
 * those that have not heard of the first yet hear of the first first. A listener that throws is reported, and harms nobody.
 */
export declare class Emitter<E extends EventMap<E>> {
    #private;
    constructor(failed: (error: unknown) => void);
    /** Calls fn from now on; what it returns ends that. */
    on<K extends keyof E>(event: K, fn: (...args: E[K]) => void): () => void;
    emit<K extends keyof E>(event: K, ...args: E[K]): void;
}
