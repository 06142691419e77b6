// The clients and servers of the scenario event-peers: what a chunk cuts, and events there and back
// on each server that is installed.

import { existsSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { append, deliverPaced, pipelined, replay } from '../../bench/support/events/load.mjs';
import { natsMessages } from '../../bench/support/events/nats-client.mjs';
import { rabbitFrames, readChunk } from '../../bench/support/events/rabbit-client.mjs';
import { respElements } from '../../bench/support/events/resp-client.mjs';
import { eventRing, numberAt, RING_EVENTS } from '../../bench/support/events/ring.mjs';
import {
  type Durability,
  type EventServerPlan,
  hasNatsSync,
  natsServer,
  rabbitServer,
  respServer,
} from '../../bench/support/events/servers.mjs';
import { redisPlan, synapPlan } from '../../bench/support/servers.mjs';
import { hasRedis } from '../support/needs-redis.ts';

describe('a ring of events', () => {
  const encode = (payload: Buffer) => Buffer.concat([Buffer.from('<'), payload, Buffer.from('>')]);
  const texts = (parts: Buffer[]) => parts.map((part) => part.toString().match(/<.*?>/g) ?? []);

  test('numbers its events, whose other bytes differ', () => {
    const [events] = texts(eventRing(16, encode).take(41, 3));
    expect(events.map((text) => text.slice(1, 13))).toEqual([
      ...['000000000041', '000000000042', '000000000043'],
    ]);
    expect(new Set(events.map((text) => text.slice(13))).size).toBe(3);
    expect(numberAt(Buffer.from(events[2]), 1)).toBe(43);
  });

  test('gives two parts where its end is', () => {
    const parts = texts(eventRing(16, encode).take(RING_EVENTS - 1, 3));
    expect(parts.map((events) => events.map((text) => Number(text.slice(1, 13))))).toEqual([
      [RING_EVENTS - 1],
      [RING_EVENTS, RING_EVENTS + 1],
    ]);
  });
});

/** What a parser reports of bytes that arrive in one chunk, which must be what it reports of single bytes. */
function inChunksOfAnySize(bytes: Buffer, parse: (report: unknown[]) => (chunk: Buffer) => void) {
  const whole: unknown[] = [];
  parse(whole)(bytes);
  const single: unknown[] = [];
  const feed = parse(single);
  for (const byte of bytes) feed(Buffer.from([byte]));
  expect(single).toEqual(whole);
  return whole;
}

describe('bytes that arrive in chunks', () => {
  test('of RESP', () => {
    const feed = (report: unknown[]) =>
      respElements({
        onArray: (length) => report.push(length),
        onBulk: (bytes, start, size) => report.push(bytes.toString('latin1', start, start + size)),
      });
    expect(inChunksOfAnySize(Buffer.from('*2\r\n$3\r\na\nb\r\n$0\r\n\r\n*10\r\n'), feed)).toEqual([
      ...[2, 'a\nb', '', 10],
    ]);
    for (const refused of ['-ERR no', ':1', '$-1', '*-1', '+OK']) {
      expect(() => feed([])(Buffer.from(`${refused}\r\n`))).toThrow(`answers "${refused}"`);
      const single = feed([]);
      expect(() => {
        for (const byte of `${refused}\r\n`) single(Buffer.from(byte));
      }).toThrow(`answers "${refused}"`);
    }
  });

  test('of NATS', () => {
    const feed = (report: unknown[]) =>
      natsMessages({
        onMessage: ({ bytes, start, end, words }) =>
          report.push(bytes.toString('latin1', start, end), words?.[3] ?? null),
        onPing: () => report.push('ping'),
        onPong: () => report.push('pong'),
      });
    const text =
      'INFO {}\r\nMSG a 1 4\r\nMSG \r\nHMSG a 1 reply 12 13\r\nNATS/1.0\r\n\r\nx\r\nPING\r\nMSG a 1 r 0\r\n\r\nPONG\r\n';
    expect(inChunksOfAnySize(Buffer.from(text), feed)).toEqual([
      ...['MSG ', null, 'x', 'reply', 'ping', '', null, 'pong'],
    ]);
    expect(() => feed([])(Buffer.from("-ERR 'no'\r\n"))).toThrow("'no'");
  });

  test('of RabbitMQ', () => {
    const feed = (report: unknown[]) => rabbitFrames((frame) => report.push(frame.toString()));
    const frames = Buffer.from('\0\0\0\x03abc\0\0\0\0\0\0\0\x01d');
    expect(inChunksOfAnySize(frames, feed)).toEqual(['abc', '', 'd']);
  });

  test('of RabbitMQ hold chunks of events', () => {
    const header = Buffer.alloc(48);
    header.writeUInt16BE(2, 2);
    const chunk = Buffer.concat([header, Buffer.from('\0\0\0\x01a\0\0\0\x02bc')]);
    const events: string[] = [];
    readChunk(chunk, (bytes, start, size) =>
      events.push(bytes.toString('latin1', start, start + size)),
    );
    expect(events).toEqual(['a', 'bc']);
    chunk[48] = 0x80;
    expect(() => readChunk(chunk, () => {})).toThrow('batch');
  });
});

test('NATS can be told to synchronise every write since 2.10', () => {
  expect(['2.9.25', '2.10.0', '2.11.3', '3.0.0'].map(hasNatsSync)).toEqual([
    ...[false, true, true, true],
  ]);
});

const plans: [EventServerPlan, boolean][] = [
  [respServer(synapPlan), true],
  [respServer(redisPlan), hasRedis],
  [natsServer, natsServer.missing() === null],
  [rabbitServer, rabbitServer.missing() === null],
];

describe.each(plans)('events there and back', (plan, isThere) => {
  const levels: Durability[] = ['disk', 'system'];
  test.skipIf(!isThere).each(levels)(
    `on ${plan.name}, by way of the %s`,
    async (level) => {
      const server = await plan.start(level);
      try {
        const { client, pid } = server;
        await client.create('events');
        const all = { stream: 'events', payloadSizeBytes: 32, events: 10_000 };
        const appended = await append(client, pid, { ...all, pace: pipelined });
        expect(appended.events).toBe(10_000);
        const { eventsPerSecond, megabytesPerSecond } = await replay(client, pid, all);
        expect(megabytesPerSecond).toBeCloseTo((32 * eventsPerSecond) / 1e6, 6);

        await client.create('paced');
        const pace = { stream: 'paced', eventsPerSecond: 500, seconds: 0.1 };
        const { p50Ms, p99Ms } = await deliverPaced(client, { ...pace, payloadSizeBytes: 1024 });
        expect(p50Ms).toBeGreaterThan(0);
        expect(p99Ms).toBeGreaterThanOrEqual(p50Ms);
      } finally {
        await server.stop();
      }
      expect(existsSync(server.directory)).toBe(false);
      expect(() => process.kill(server.pid, 0)).toThrow('ESRCH');
    },
    60_000,
  );
});
