// A part of a value that lies in a file cannot be read: the command that needs it answers with that.

/** What is wrong, in words for the client: which file, where. */
export class UnreadableValueError extends Error {}
