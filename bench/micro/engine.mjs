// The parts of the engine that are measured, as they are built. Not type-checked: there may be no
// build when types are checked.
export { Arena } from '../../dist/memory/arena.js';
export { classOf } from '../../dist/memory/size-classes.js';
export { Log } from '../../dist/persistence/log.js';
export { LogDirectory } from '../../dist/persistence/log-directory.js';
export { RequestDecoder } from '../../dist/protocol/decoder.js';
export { Reply } from '../../dist/protocol/reply.js';
export { BytesTable } from '../../dist/structures/bytes-table.js';
export { HEADER_BYTES, packMeta } from '../../dist/structures/entry.js';
export { hashBytes, randomSeed } from '../../dist/structures/hash.js';
