export declare function isHigh(unit: number): boolean;
export declare function isLow(unit: number): boolean;
/** Whether offset lies inside a surrogate pair of s. */
export declare function splitsPair(s: string, offset: number): boolean;
/** The length of s in bytes of UTF-8. A lone surrogate, which has no UTF-8, is an OpError "utf8". */
export declare function utf8Length(s: string): number;
/** The order of the UTF-8 bytes, which is that of the code points; JavaScript's own puts U+1F600 before U+FF01. */
export declare function compareKeys(a: string, b: string): number;
