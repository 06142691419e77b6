// The directory of a bytes table (bytes-table.ts): which segment the hashes that begin with certain bits lie in.

/** Fills a directory of twice the length: each segment has two entries side by side then. */
export function doubleDirectory(directory: Int32Array, doubled: Int32Array): void {
  for (let i = 0; i < directory.length; i++) {
    doubled[2 * i] = directory[i];
    doubled[2 * i + 1] = directory[i];
  }
}

/** A directory of half the length, of one in which every segment has at least two entries. */
export function halveDirectory(directory: Int32Array): Int32Array {
  const halved = new Int32Array(directory.length / 2);
  for (let i = 0; i < halved.length; i++) halved[i] = directory[2 * i];
  return halved;
}
