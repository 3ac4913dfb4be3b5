import fc from 'fast-check';
import { Partitioners } from 'kafkajs';
import { describe, expect, it } from 'vitest';
import { kafkaPartitionFor } from './kafka-partition-for.ts';

describe('the partition of a customer', () => {
  it("is the one Kafka's default partitioner chooses for the same key", () => {
    const ofKafka = Partitioners.DefaultPartitioner();
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 400 }), fc.integer({ min: 1, max: 64 }), (customer, partitions) => {
        const partitionMetadata = Array.from({ length: partitions }, (_, partitionId) => ({ partitionId, leader: 1 }));
        const expected = ofKafka({ topic: '', partitionMetadata, message: { key: customer } } as Parameters<typeof ofKafka>[0]);
        expect(kafkaPartitionFor(customer, partitions)).toBe(expected);
      }),
    );
  });

  it('stays where it has always been', () => {
    expect(['', 'a', 'acme-ai', 'Müller & Söhne', '😀'].map((customer) => kafkaPartitionFor(customer, 6))).toEqual([3, 4, 0, 1, 3]);
  });
});
