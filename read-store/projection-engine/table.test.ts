import { expect, it } from '@jest/globals';
import { summed, type Table, type Values } from './table.ts';

const counts: Table = {
  name: 'counts',
  columns: [
    { name: 'day', type: 'text' },
    { name: 'name', type: 'text' },
    { name: 'files', type: 'bigint' },
    { name: 'bytes', type: 'bigint' },
  ],
  keyColumns: 2,
  writes: 'add',
};

it('a row that occurs several times, as one object or as equal ones, counts each time and stays as it is', () => {
  const shared: Values = ['monday', 'upload', 1, 40];
  const rows: Values[] = [
    shared,
    ['monday', 'upload', 1, 2],
    shared,
    ['tuesday', 'upload', -1, 5],
    shared,
    ['tuesday', 'upload', -1, 5],
  ];
  expect(summed(counts, rows)).toEqual([
    ['monday', 'upload', 4, 122],
    ['tuesday', 'upload', -2, 10],
  ]);
  expect(shared).toEqual(['monday', 'upload', 1, 40]);
});
