// How outputs write in the two forms that Node's releases have: on handles made for the test, so that each
// release tries both.

import { Socket } from 'node:net';
import { beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import type { NodeInternals, WriteRequest } from '../../src/net/node-internals.ts';
import { type Output, openOutput } from '../../src/net/output.ts';

/** What the Node of a test has. */
const node = vi.hoisted(() => ({
  handle: undefined as object | undefined,
  writeForm: undefined as NodeInternals['writeForm'],
}));

vi.mock(import('../../src/net/node-internals.ts'), async (importOriginal) => {
  const original = await importOriginal();
  return {
    ...original,
    handleOf: () => node.handle as ReturnType<typeof original.handleOf>,
    nodeInternals: {
      readsInto: true,
      bind: undefined,
      get writeForm() {
        return node.writeForm;
      },
    },
  };
});

/** The system's error for a peer that is gone. */
const BROKEN_PIPE = -32;

/** What becomes of writes: the kernel takes all, or not all; it fails; it was over before it returned. */
type Fate = 'taken' | 'waits' | 'fails' | 'over';

/** A request as Node 20 and 22 want it. */
class OwnRequest implements WriteRequest {
  oncomplete?: (status: number) => void;
  bytes?: Buffer;
  isUnderWay = false;

  getAsyncId(): number {
    return this.isUnderWay ? 7 : -1;
  }
}

/** A handle as of 20 and 22. */
class OlderHandle {
  readonly given: OwnRequest[] = [];
  readonly underWay: OwnRequest[] = [];
  fate: Fate = 'taken';

  writeBuffer(request: OwnRequest): number {
    this.given.push(request);
    if (this.fate === 'fails') return BROKEN_PIPE;
    if (this.fate === 'waits') {
      request.isUnderWay = true;
      this.underWay.push(request);
    }
    return 0;
  }

  complete(status: number): void {
    const request = this.underWay.shift();
    if (request === undefined) return;
    request.isUnderWay = false;
    request.oncomplete?.(status);
  }
}

/** A handle as of 24 and 26. */
class NewerHandle {
  readonly given: unknown[] = [];
  readonly underWay: WriteRequest[] = [];
  fate: Fate = 'taken';
  /** With which status a write is over before it returns. */
  status = 0;

  writeBuffer(request: unknown): number | WriteRequest {
    this.given.push(request);
    if (this.fate === 'fails') return BROKEN_PIPE;
    if (this.fate === 'taken') return 0;
    if (this.fate === 'over') return { writeStatus: this.status };
    const mine: WriteRequest = { writeStatus: null };
    this.underWay.push(mine);
    return mine;
  }

  complete(status: number): void {
    this.underWay.shift()?.oncomplete?.(status);
  }
}

/** An output over a handle, and what it reports. */
function open(handle: OlderHandle | NewerHandle): {
  output: Output;
  drained: ReturnType<typeof vi.fn>;
  errors: string[];
} {
  node.handle = handle;
  const socket = new Socket();
  const errors: string[] = [];
  socket.on('error', (error) => errors.push(error.message));
  onTestFinished(() => void socket.destroy());
  const drained = vi.fn();
  return { output: openOutput(socket, drained), drained, errors };
}

const OLDER = { kind: 'given', requestClass: OwnRequest } as const;
const NEWER = { kind: 'returned' } as const;

describe.each([
  { form: OLDER, Handle: OlderHandle },
  { form: NEWER, Handle: NewerHandle },
])('a request that is $form.kind', ({ form, Handle }) => {
  beforeEach(() => {
    node.writeForm = form;
  });

  test('keeps its bytes, which are counted until the kernel has all of them', () => {
    const handle = new Handle();
    const { output, drained } = open(handle);
    output.write(Buffer.alloc(10));
    expect(output.unsentBytes).toBe(0);
    handle.fate = 'waits';
    const bytes = Buffer.alloc(20);
    output.write(bytes);
    output.write(Buffer.alloc(30));
    expect(output.unsentBytes).toBe(50);
    expect(handle.underWay[0].bytes).toBe(bytes);
    handle.complete(0);
    expect(output.unsentBytes).toBe(30);
    expect(drained).not.toHaveBeenCalled();
    handle.complete(0);
    expect(output.unsentBytes).toBe(0);
    expect(drained).toHaveBeenCalledTimes(1);
  });

  test('that fails ends the socket', async () => {
    const handle = new Handle();
    const { output, drained, errors } = open(handle);
    handle.fate = 'waits';
    output.write(Buffer.alloc(10));
    handle.complete(BROKEN_PIPE);
    await vi.waitFor(() => expect(errors).toEqual(['write failed (-32)']));
    expect(output.unsentBytes).toBe(0);
    expect(drained).not.toHaveBeenCalled();
    output.write(Buffer.alloc(10));
    expect(handle.given).toHaveLength(1);
  });

  test('that fails at once ends the socket', async () => {
    const handle = new Handle();
    const { output, errors } = open(handle);
    handle.fate = 'fails';
    output.write(Buffer.alloc(10));
    await vi.waitFor(() => expect(errors).toEqual(['write failed (-32)']));
    expect(output.unsentBytes).toBe(0);
  });
});

test('requests of our own are used again, but never while they are under way', () => {
  node.writeForm = OLDER;
  const handle = new OlderHandle();
  const { output } = open(handle);
  for (const fate of ['taken', 'taken', 'waits', 'taken'] as const) {
    handle.fate = fate;
    output.write(Buffer.alloc(1));
  }
  expect(handle.given[1]).toBe(handle.given[0]);
  expect(handle.given[2]).toBe(handle.given[0]);
  expect(handle.given[3]).not.toBe(handle.given[2]);
});

test('no request is made for Node where it makes its own', () => {
  node.writeForm = NEWER;
  const handle = new NewerHandle();
  const { output } = open(handle);
  output.write(Buffer.alloc(1));
  expect(handle.given).toEqual([null]);
});

test.each([
  { status: 0, errors: [] },
  { status: BROKEN_PIPE, errors: ['write failed (-32)'] },
])('a request that is over with $status when it is returned is not waited for', async (over) => {
  node.writeForm = NEWER;
  const handle = new NewerHandle();
  const { output, drained, errors } = open(handle);
  handle.fate = 'over';
  handle.status = over.status;
  output.write(Buffer.alloc(10));
  expect(output.unsentBytes).toBe(0);
  await new Promise((resolve) => setImmediate(resolve));
  expect(errors).toEqual(over.errors);
  expect(drained).not.toHaveBeenCalled();
});
