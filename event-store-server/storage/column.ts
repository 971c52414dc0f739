/**
 * A column of the index: numbers that are appended, in blocks of 64 Ki, so that growing never copies what is there
 * and a million entries cost their own size and no more.
 */
export interface Column {
  readonly length: () => number;
  readonly at: (index: number) => number;
  readonly push: (value: number) => void;
  /** @param index below `length()` */
  readonly set: (index: number, value: number) => void;
}

type Block = Float64Array | Uint32Array;

const BLOCK_BITS = 16;
const BLOCK_SIZE = 1 << BLOCK_BITS;
const BLOCK_MASK = BLOCK_SIZE - 1;

function column(makeBlock: () => Block): Column {
  const blocks: Block[] = [];
  let length = 0;
  return {
    length: () => length,
    at: (index) => (blocks[index >>> BLOCK_BITS] as Block)[index & BLOCK_MASK] as number,
    push: (value) => {
      const within = length & BLOCK_MASK;
      if (within === 0) blocks.push(makeBlock());
      (blocks[length >>> BLOCK_BITS] as Block)[within] = value;
      length += 1;
    },
    set: (index, value) => {
      (blocks[index >>> BLOCK_BITS] as Block)[index & BLOCK_MASK] = value;
    },
  };
}

/** Integers to 2^53, 8 bytes each. */
export const wideColumn = (): Column => column(() => new Float64Array(BLOCK_SIZE));

/** Unsigned integers below 2^32, 4 bytes each. */
export const narrowColumn = (): Column => column(() => new Uint32Array(BLOCK_SIZE));
