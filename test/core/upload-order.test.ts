import { describe, expect, it } from 'vitest';
import { byUpload } from '#core/upload-order.ts';

const upload = (id: string, uploadedAt: string, createdAt: string) => ({
  id,
  uploadedAt: `2026-11-24T12:00:${uploadedAt}Z`,
  createdAt: `2026-11-24T12:00:${createdAt}Z`,
});

describe('byUpload', () => {
  it('orders by the upload, then by the row, then by the id', () => {
    const inOrder = [
      upload('d', '01.000', '09.000'),
      upload('c', '02.000', '02.500'),
      upload('a', '02.000', '02.501'),
      upload('b', '02.000', '02.501'),
    ];

    expect([...inOrder].reverse().sort(byUpload)).toEqual(inOrder);
    expect(byUpload(upload('a', '01.000', '01'), upload('a', '01', '01'))).toBe(0);
  });
});
