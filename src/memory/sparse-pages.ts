// Which pages of a size class are worth emptying, by moving their blocks into the gaps of other pages. Pages with
// the fewest blocks are chosen first, as long as the others have gaps for all blocks; so as many pages as possible
// become free for the fewest blocks moved.
//
//   [█░░░░] [██░░░] [███░░] [████░]        the first is moved into gaps of the last two,
//      └───────────────┴──▶                the second would not fit any more

/** Fewer gaps than a page's number of blocks divided by this are not worth filling. */
const GAPS_SHARE = 8;

/** A page of the class. */
export interface PageFill {
  readonly page: number;
  /** Blocks in use, and gaps between them: places that were in use. */
  readonly used: number;
  readonly gaps: number;
}

/** The decision about the pages of a class. */
export interface PageChoice {
  /** Pages to be emptied. */
  readonly sparse: PageFill[];
  /** Pages that stay, in the order in which their gaps should be filled. */
  readonly staying: PageFill[];
}

/** Chooses among the pages of a class that have room. */
export function chooseSparse(pages: readonly PageFill[]): PageChoice {
  const byUse = [...pages].sort((a, b) => a.used - b.used);
  const staying: PageFill[] = [];
  const sparse: PageFill[] = [];
  let gapsLeft = pages.reduce((sum, { gaps }) => sum + gaps, 0);
  for (const fill of byUse) {
    const { used, gaps } = fill;
    if (gaps * GAPS_SHARE > used && used <= gapsLeft - gaps) {
      gapsLeft -= gaps + used;
      sparse.push(fill);
    } else {
      staying.push(fill);
    }
  }
  // The fullest first; pages without gaps, which are new, last.
  staying.sort((a, b) => Number(a.gaps === 0) - Number(b.gaps === 0) || b.used - a.used);
  return { sparse, staying };
}
