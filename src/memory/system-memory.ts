// System calls that Node has no interface for: telling the kernel that pages are unused (madvise), and making the C
// library release freed memory that it keeps (malloc_trim). Without the first an arena could release only whole
// segments, and those only when the collector runs; without the second hundreds of megabytes stay allocated after
// clients that read slowly. Called through the package `koffi`, which is loaded when there is something to release
// for the first time. Where it is missing, or the system is not Linux, these calls are not available, and releasing
// memory is left to the collector.
// Sources: madvise(2), malloc_trim(3)
import { createRequire } from 'node:module';

/** `MADV_DONTNEED`: the pages are released at once, and read as zeros afterwards. */
const DONT_NEED = 4;

/** The calls; see the head of this file. */
export interface SystemMemory {
  /** Releases the pages that are wholly inside [start, end) of a buffer; their content is lost. */
  discard(buffer: Buffer, start: number, end: number): void;
  /** Makes the C library release what it can; may take some milliseconds for every 10 MB. */
  trim(): void;
  /** The same in a thread of its own. */
  trimAside(): void;
}

let found: SystemMemory | undefined;
let isLookedFor = false;

/** The calls, or undefined where there are none. */
export function systemMemory(): SystemMemory | undefined {
  if (!isLookedFor) found = findSystemMemory();
  isLookedFor = true;
  return found;
}

function findSystemMemory(): SystemMemory | undefined {
  if (process.platform !== 'linux') return undefined;
  try {
    const require = createRequire(import.meta.url);
    return bind(require('koffi') as typeof import('koffi'));
  } catch {
    return undefined;
  }
}

function bind(koffi: typeof import('koffi')): SystemMemory {
  const library = koffi.load(null);
  const advise: (address: bigint, sizeBytes: number, advice: number) => number = library.func(
    'int madvise(uintptr_t address, size_t size, int advice)',
  );
  const getPageSize: () => number = library.func('int getpagesize()');
  const pageBytes = getPageSize();
  const trim = findTrim(library);
  return {
    discard(buffer, start, end) {
      const address = koffi.address(buffer);
      const shift = Number(address % BigInt(pageBytes));
      const first = Math.ceil((shift + start) / pageBytes) * pageBytes - shift;
      const last = Math.floor((shift + end) / pageBytes) * pageBytes - shift;
      if (last > first) advise(address + BigInt(first), last - first, DONT_NEED);
    },
    trim() {
      trim?.(0);
    },
    trimAside() {
      trim?.async(0, () => {
        // The result is ignored: whether anything was released shows in the resident memory.
      });
    },
  };
}

type Trim = import('koffi').KoffiFunc<(padBytes: number) => number>;

/** Undefined where the C library has none (musl): it keeps next to nothing. */
function findTrim(library: import('koffi').LibraryHandle): Trim | undefined {
  try {
    return library.func('int malloc_trim(size_t pad)') as Trim;
  } catch {
    return undefined;
  }
}
