// What INFO consists of.

/** A line of INFO. */
export type InfoField = readonly [name: string, value: string | number];
