/** The type of a value; "none" is what stands behind the last byte, or is no accepted type. */
export type PackType = "none" | "nil" | "bool" | "int" | "str" | "bin" | "array";
/** A cursor over bytes that came from outside; OpError "encoding", "utf8" or "limit" say what is wrong with them. */
export declare class Reader {
    private readonly data;
    private pos;
    private lazyView;
    constructor(data: Uint8Array);
    /** Made for numbers of several bytes only, which most ops have none of. */
    private get view();
    /** Whether there are bytes left. */
    get more(): boolean;
    /** Refuses bytes that are left over. */
    end(): void;
    /** The type of the next value, which it does not read. */
    peek(): PackType;
    /** Reads a nil if there is one, and tells whether there was. */
    nil(): boolean;
    bool(): boolean;
    /** Reads an integer from lo to hi. */
    int(lo?: number, hi?: number): number;
    /** Reads an integer from 0 to 2^53−1. */
    uint(): number;
    private integer;
    private number;
    /** Reads a string of at most limit bytes. */
    str(limit?: number): string;
    private ascii;
    /** Reads a binary string of exactly n bytes, as a copy. */
    bin(n: number): Uint8Array;
    /** Reads the head of an array of at most limit elements, each of which takes at least one byte. */
    array(limit?: number): number;
    /** Reads a length of so many bytes; one below least has a shorter form. */
    private length;
    /** Reads the first byte of a value of the type that is wanted. */
    private first;
    /** Goes n bytes on, and gives the place before them. */
    private skip;
}
/** The bytes that write writes. */
export declare function encoded(write: (w: Writer) => void): Uint8Array;
/** Appends values in their shortest form. It may be used again after bytes(). */
export declare class Writer {
    private data;
    private view;
    private pos;
    /** A copy of what was written since the last call. */
    bytes(): Uint8Array;
    nil(): void;
    bool(b: boolean): void;
    /** Writes an integer; one beyond ±(2^53−1), or a fraction, is an OpError "limit". */
    int(n: number): void;
    private positive;
    private negative;
    private long;
    /** Writes a string; one with a lone surrogate is an OpError "utf8". */
    str(s: string): void;
    bin(b: Uint8Array): void;
    /** Writes the head of an array of n elements. */
    array(n: number): void;
    /** Appends bytes that are encoded already. */
    raw(b: Uint8Array): void;
    /** Writes a length behind the first of its codes, which stand for 1, 2 and 4 bytes, or from 2 on. */
    private head;
    private byte;
    /** Makes room for n bytes, and gives the place for them. */
    private room;
}
