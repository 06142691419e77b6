import { describe, expect, test } from 'vitest';
import {
  EVENT_GENERIC,
  EVENT_KEYEVENT,
  EVENT_KEYSPACE,
  KeyEvents,
} from '../../src/keyspace/key-events.ts';
import { KEY_CREATED } from '../../src/keyspace/key-signals.ts';
import { Keyspace } from '../../src/keyspace/keyspace.ts';
import { valueTypes } from '../../src/types/index.ts';

/** Key events whose messages are collected, as "channel message". */
function recorded(letters: string, hasSubscribers = true) {
  const events = new KeyEvents();
  const messages: string[] = [];
  events.choose(letters);
  events.publisher = {
    hasSubscribers,
    publishBytes: (channel, channelAt, channelLength, message, at, length) =>
      messages.push(
        `${channel.toString('latin1', channelAt, channelAt + channelLength)} ${Buffer.from(message).toString('latin1', at, at + length)}`,
      ),
  };
  return { events, messages };
}

function emit(events: KeyEvents, event: string, database: number, key: string): void {
  // The key lies somewhere in a larger buffer, as in a request.
  events.emit(event, database, Buffer.from(`<${key}>`, 'latin1'), 1, key.length);
}

describe('KeyEvents', () => {
  test('are published by key and by event, in this order', () => {
    const { events, messages } = recorded('KEg');
    emit(events, 'del', 3, 'k');
    emit(events, 'del', 12, 'l\xff');
    expect(messages).toEqual([
      '__keyspace@3__:k del',
      '__keyevent@3__:del k',
      '__keyspace@12__:l\xff del',
      '__keyevent@12__:del l\xff',
    ]);
  });

  test.each([1, 1_000, 1_009, 1_010, 1_011, 1_024, 5_000])('name a key of %i bytes', (length) => {
    const { events, messages } = recorded('Kg');
    emit(events, 'del', 0, 'k'.repeat(length));
    emit(events, 'expire', 0, 's');
    expect(messages).toEqual([
      `__keyspace@0__:${'k'.repeat(length)} del`,
      '__keyspace@0__:s expire',
    ]);
  });

  test('end before anything is published when nobody is subscribed', () => {
    const { events, messages } = recorded('KEg', false);
    emit(events, 'del', 0, 'k');
    expect(messages).toEqual([]);
  });

  test('are told of no class unless by key or by event', () => {
    const maskOf = (letters: string) => recorded(letters).events.mask;
    expect(maskOf('')).toBe(0);
    expect(maskOf('g$lshzxetdmn')).toBe(0);
    expect(maskOf('Kg')).toBe(EVENT_KEYSPACE | EVENT_GENERIC);
    expect(maskOf('gE')).toBe(EVENT_KEYEVENT | EVENT_GENERIC);
    expect(maskOf('K')).toBe(EVENT_KEYSPACE);
    const bits = [...'KEg$lshzxetdmn'].map((letter) => maskOf(`K${letter}`) | maskOf(`E${letter}`));
    expect(new Set(bits).size).toBe(13);
  });

  test('have additions noticed only where they are told', () => {
    const keyspace = new Keyspace(valueTypes, 1);
    expect(keyspace.noticed).toBe(0);
    keyspace.chooseEvents('Kn');
    expect(keyspace.noticed).toBe(KEY_CREATED);
    keyspace.chooseEvents('n');
    expect(keyspace.noticed).toBe(0);
  });
});
