/** Who holds what in the consumer group of a cluster, as the broker says. */
import kafkajs from 'kafkajs';
import type { Cluster } from './cluster.ts';
import { eventually } from './eventually.ts';
import { withAdmin } from './kafka-log.ts';

/** The partitions of each member, sorted; undefined while the group deals them out. */
export async function partitionShares({ kafka, environment }: Cluster): Promise<number[][] | undefined> {
  const topic = environment['TALLYLINE_KAFKA_TOPIC'] ?? '';
  const { groups } = await withAdmin(kafka, (admin) => admin.describeGroups([environment['TALLYLINE_KAFKA_GROUP'] ?? '']));
  const [group] = groups;
  if (group?.state !== 'Stable') return undefined;
  const { MemberAssignment } = kafkajs.AssignerProtocol;
  return group.members
    .map(({ memberAssignment }) => MemberAssignment.decode(memberAssignment)?.assignment[topic] ?? [])
    .toSorted(([a = -1], [b = -1]) => a - b);
}

/** Waits until so many processes share the partitions. */
export function untilShared(cluster: Cluster, members: number): Promise<number[][]> {
  return eventually(`${members} processes share the partitions`, async () => {
    const shares = await partitionShares(cluster);
    return shares?.length === members && shares;
  });
}
