// The parts of the engine that are measured, as they are built. Not type-checked: there may be no
// build when types are checked.
export { families } from '../../build/commands/index.js';
export { loadConfig } from '../../build/config/load.js';
export { CommandTable } from '../../build/core/command-table.js';
export { KeyCursor } from '../../build/core/key-cursor.js';
export { Dependencies } from '../../build/dispatch/dependencies.js';
export { Keyspace } from '../../build/keyspace/keyspace.js';
export { silentLogger } from '../../build/logging/logger.js';
export { Arena } from '../../build/memory/arena.js';
export { classOf } from '../../build/memory/size-classes.js';
export { Connection } from '../../build/net/connection.js';
export { ColdStore } from '../../build/persistence/cold/cold-store.js';
export { Log } from '../../build/persistence/segments/log.js';
export { LogDirectory } from '../../build/persistence/segments/log-directory.js';
export { RequestDecoder } from '../../build/protocol/decoder.js';
export { Reply } from '../../build/protocol/reply.js';
export { Request } from '../../build/protocol/request.js';
export { Server } from '../../build/server/server.js';
export { findBit } from '../../build/structures/bitmap/bit-search.js';
export { countBits } from '../../build/structures/bitmap/population-count.js';
export { BytesTable } from '../../build/structures/bytes-table.js';
export { BytesTables } from '../../build/structures/bytes-tables.js';
export { HEADER_BYTES, packMeta } from '../../build/structures/entry.js';
export { hashBytes, randomSeed } from '../../build/structures/hash.js';
export { hashElement, indexOf, runOf } from '../../build/structures/hyperloglog/element-hash.js';
export { RegisterSet } from '../../build/structures/hyperloglog/register-set.js';
export { valueTypes } from '../../build/types/index.js';
