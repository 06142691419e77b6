import { once } from 'node:events';
import { createServer } from 'node:net';
import { expect, test } from 'vitest';
import { freePort } from './free-port.ts';

test('no port comes twice, nor one that is taken', async () => {
  const first = await freePort();
  const taken = createServer().listen(first + 1, '127.0.0.1');
  await once(taken, 'listening');
  try {
    const ports = [first];
    while (ports.length < 20) ports.push(await freePort());
    expect(new Set(ports).size).toBe(20);
    expect(ports).not.toContain(first + 1);
    for (const port of ports) expect(port).toBeLessThan(32_768);
  } finally {
    taken.close();
  }
});
