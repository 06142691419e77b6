// @ts-check
// A topic is some streams, its partitions, named `topic:{0}`, `topic:{1}` and so on. What stands in
// braces is all that a cluster looks at to place a key, so partitions may live on different servers.

/**
 * @param {string} topic
 * @param {number} partitions how many the topic has
 * @returns {string[]} the keys of all of them
 */
export function partitionsOf(topic, partitions) {
  return Array.from({ length: partitions }, (_, number) => `${topic}:{${number}}`);
}

/**
 * Events with the same key go to the same partition, where they stay in order. Producers must agree
 * on the number of partitions: with another one, keys move.
 * @param {string} topic
 * @param {string} eventKey such as a customer's number
 * @param {number} partitions
 * @returns {string} the partition's key
 */
export function partitionFor(topic, eventKey, partitions) {
  // FNV-1a of 32 bits over the UTF-8 bytes.
  let hash = 0x811c9dc5;
  for (const byte of Buffer.from(eventKey)) hash = Math.imul(hash ^ byte, 0x01000193) >>> 0;
  return `${topic}:{${hash % partitions}}`;
}
