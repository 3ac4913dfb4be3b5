/** `status`: one sentence on whether the numbers can be trusted, and what was left lying. */
import type { Pipeline } from '../../schemas/http/operations.ts';
import type { Reconciliation } from '../../schemas/http/reconciliation.ts';
import type { Command } from '../command.ts';
import { counted, instant } from '../text.ts';
import { describeDifference } from './reconcile.ts';

export const status: Command = {
  usage: 'status',
  summary: 'says whether the numbers can be trusted, and how far behind they are; exit code 1: they cannot',
  operands: { min: 0, max: 0 },
  flags: {},
  async run(_words, { client }) {
    const [reconciliation, pipeline] = await Promise.all([
      client.get<Reconciliation>('/v1/reconciliation'),
      client.get<Pipeline>('/v1/pipeline'),
    ]);
    return {
      isGood: reconciliation.state !== 'red',
      answer: { reconciliation, pipeline },
      text: [`${describeTrust(reconciliation)}; ${describeLag(pipeline)}.`, ...describeLeftovers(pipeline)].join('\n'),
    };
  },
};

function describeTrust({ state, checkedAt, imports, differing }: Reconciliation): string {
  switch (state) {
    case 'green':
      return `The numbers can be trusted: both stores hold the same${checkedAt === null ? '' : `, checked ${instant(checkedAt)}`}`;
    case 'checking':
      return 'The numbers are being checked: nothing that differs is known, but not everything has been compared yet';
    case 'red':
      return `The numbers cannot be trusted: ${describeDifference({ imports, differing })} ("reconcile" lists them)`;
  }
}

function describeLag({ partitions, asOf }: Pipeline): string {
  const events = partitions.reduce((sum, { lag }) => sum + Math.max(lag.records, lag.rollups), 0);
  return events === 0
    ? 'all that was received is in them'
    : `${counted(events, 'event is', 'events are')} still on the way, so they are as of ${instant(asOf)}`;
}

function describeLeftovers({ deadLetters, conflicts, rebuild }: Pipeline): string[] {
  return [
    ...(conflicts > 0 ? [`${counted(conflicts, 'conflict')} to be decided: "conflicts" lists them.`] : []),
    ...(deadLetters > 0 ? [`${counted(deadLetters, 'dead letter')}: "dead-letters" lists them.`] : []),
    ...(rebuild?.state === 'copying' ? [`ClickHouse is being rebuilt: ${counted(rebuild.rowsCopied, 'row')} copied.`] : []),
    ...(rebuild?.state === 'failed' ? [`The last rebuild of ClickHouse has failed: ${rebuild.failure ?? 'no reason is known'}.`] : []),
  ];
}
